"""What the commission service refuses, said to agents and managers."""

from typing import Final

from shared.problems.problem import Problem, refusal

REFUSALS: Final[dict[str, Problem]] = {
    "closer_without_viewing": refusal(
        ("成交人没有带看记录", "A closer has no viewing on record"),
        (
            "多人成交时每个成交人都要有带看记录[；{person} 没有]。请从成交人中去掉，或核对带看登记。",
            "With several closers each needs a viewing of this listing with this client on record[; {person} has "
            "none]. Leave them out or check the viewings.",
        ),
        ("几人同时成交的，每人都须在成交前登记带看。", "Several closers share only if each recorded a viewing before closing."),
    ),
    "deal_already_reported": refusal(
        ("该房源已有成交报告", "This listing already has an open deal"),
        (
            "这套房源已有未了结的成交[（{first}）][，先报者 {by}][，{first_at} 先报]。如有异议，请对那一笔提出争议。",
            "This listing already has an open deal[ ({first})][, reported first by {by}][, at {first_at}]. If you "
            "disagree, raise a dispute on that deal.",
        ),
        ("一套房源同时只能有一笔未了结的成交，先报者为准。", "One open deal per listing; the first recorded stands."),
    ),
    "already_settled": refusal(
        ("该成交已经结算", "The deal is already settled"),
        (
            "这笔成交已经结算，不能再改。需要更正的，请提出争议，由公司裁定增补。",
            "This deal is already settled and cannot be changed. For a correction raise a dispute; the company adjudicates by "
            "adding lines.",
        ),
        ("已结算的分成不再修改，只能冲正或增补。", "What was settled is never edited; corrections are added."),
    ),
    "not_settled": refusal(
        ("该成交还没有结算", "The deal is not settled yet"),
        (
            "这笔成交还没有结算[（现为{state}）]。请先请成交店店长结算。",
            "This deal is not settled yet[ (it is {state})]. The closing store's manager settles it first.",
        ),
    ),
    "nothing_to_judge": refusal(
        ("那时还没有这笔成交", "There was no such deal then"),
        (
            "在所问的时间[（{at}）]，这笔成交的战报、客源或成交人还没有记录，无法分佣。请选择更晚的时间。",
            "At the time asked for[ ({at})] the deal's report, client or closers were not on record, so there is nothing to split. "
            "Ask for a later time.",
        ),
    ),
    "already_reported": refusal(
        ("成交战报已经提交", "The deal is already reported"),
        (
            "这笔成交的战报已经提交[（{first_at}）]，不必重复提交。要更正的，请先撤销这笔成交再重新报。",
            "This deal was already reported[ ({first_at})]. If the report is wrong, have the deal cancelled and report it anew.",
        ),
    ),
    "adjudication_not_zero": refusal(
        ("裁定金额合计不为零", "The adjudication does not sum to zero"),
        (
            "裁定只能在各方之间调整，各行金额合计须为零[，现合计 {sum_fen} 分]。请改正金额。",
            "An adjudication only moves money between parties; its lines must sum to zero[ (they sum to {sum_fen} "
            "fen)]. Correct the amounts.",
        ),
        ("裁定各行合计为零，不改动已算出的分成。", "An adjudication is new lines summing to zero."),
    ),
    "lines_do_not_fit_ruling": refusal(
        ("裁决与各行不符", "The lines do not fit the ruling"),
        (
            "改判（corrected）要附上合计为零的各行，或采纳一种推演结果（adopt），二者取一；驳回（rejected）都不附，"
            "维持（upheld）至多附其一。请补上或去掉后重新提交。",
            "A ruling that corrects comes either with lines that sum to zero or with an alternative that it adopts; one that rejects comes "
            "with neither, and one that upholds with one of them at most. Add or leave them out.",
        ),
        ("改判以增补的各行，或以冲正后重新入账作出。", "A correction adds lines, or reverses and rebooks."),
    ),
    "correction_changes_nothing": refusal(
        ("改判没有改变任何分成", "The correction changes nothing"),
        (
            "按所采纳的推演，分成与现在一致，没有可更正的。请改为维持（upheld），或另选推演。",
            "By the alternative that you adopt the split is what it is now, so there is nothing to correct. Uphold it, or adopt another.",
        ),
        ("改判须改变已入账的分成。", "A correction changes what was booked."),
    ),
    "not_as_shown": refusal(
        ("结果与所看到的推演不同", "It is not what was shown"),
        (
            "重新推演的结果与您所看到的不同[（现为 {digest}）]，没有入账。请重新查看推演后再裁决。",
            "Judged again, the alternative is not what you were shown[ (it is {digest} now)]; nothing was booked. Look at it again, then "
            "rule.",
        ),
    ),
    "dispute_too_late": refusal(
        ("提出争议已过期限", "It is too late to dispute this"),
        (
            "结算后[ {days} 天内]可以提出争议[，截止于 {until}]，现已过期。确有特殊情况的，请报总经理裁定调整。",
            "A deal can be disputed[ within {days} days] of its settlement[, before {until}]; that has passed. In a special case ask the "
            "general manager to adjudicate.",
        ),
        ("争议须在结算后[ {days} 天]内提出。", "A dispute is opened within a term[ of {days} days] from settlement."),
    ),
    "exhibit_filed_already": refusal(
        ("这份证据已经提交过", "This file is in evidence already"),
        (
            "这项争议里已有这份文件[：{first}，由 {by} 提交]。请在陈述里引用它，不必重复上传。",
            "This very file is in the dispute already[: {first}, filed by {by}]. Name it in your statement; it need not be uploaded again.",
        ),
    ),
    "too_many_exhibits": refusal(
        ("证据文件太多", "Too many files"),
        (
            "一项争议里每人最多提交[ {at_most} ]份证据文件，您已达到上限。请在陈述里引用已提交的。",
            "In one dispute each person files at most[ {at_most}] files, and you have. Name those that are there in your statement.",
        ),
    ),
    "not_ruled": refusal(
        ("一审还没有裁决", "The first instance has not ruled"),
        (
            "这项争议还没有一审裁决，不能上诉。请先等区域经理裁决，也可以补充陈述。",
            "The first instance has not ruled on this dispute, so there is nothing to appeal against. Wait for the area manager's ruling; "
            "until then you may add a statement.",
        ),
        ("一审裁决之后才能提请二审。", "The second instance follows the first."),
    ),
    "ruling_stands": refusal(
        ("一审裁决已经生效", "The first ruling stands"),
        (
            "一审裁决后[ {days} 天内]可以提请二审[，截止于 {until}]，现已过期，一审裁决生效。确有特殊情况的，请报总经理裁定调整。",
            "The first ruling could be taken to the company[ within {days} days][, before {until}]; that has passed, and it stands. In a "
            "special case ask the general manager to adjudicate.",
        ),
        ("提请二审须在一审裁决后[ {days} 天]内。", "The second instance is asked for within a term[ of {days} days]."),
    ),
    "entry_not_of_deal": refusal(
        ("这条记录与该成交无关", "That entry is no part of the deal"),
        (
            "记录[ {entry} ]不在这笔成交的证据之内，不能计入或剔除。请在成交回放的时间线里查找记录编号。",
            "The entry[ {entry}] is not among this deal's evidence, so it can be neither admitted nor left out. Look up its id in the "
            "timeline of the deal's replay.",
        ),
    ),
    "entry_changes_nothing": refusal(
        ("这条记录本来就是如此", "That is how the entry counts already"),
        (
            "记录[ {entry} ]计入的已在成交之前，剔除的本来就没有计入，推演没有意义。请换一条记录。",
            "The entry[ {entry}] counts already if you admit it, or did not count if you leave it out. Choose another.",
        ),
    ),
    "entry_is_needed": refusal(
        ("没有这条记录就没有这笔成交", "Without that entry there is no deal"),
        (
            "记录[ {entry} ]是成交本身、成交客源或人员入职的记录，剔除后无从分佣。请换一条记录。",
            "The entry[ {entry}] is the deal's own, its client's or a person's joining; without it there is nothing to split. Choose "
            "another.",
        ),
    ),
    "listing_not_late": refusal(
        ("该房源不是补录的", "The listing is not a late one"),
        (
            "这套房源在成交之前已经录入，不是补录，不需要签批，也不能事后关联。战报已写明的，直接结算；漏报的，请撤销后重新上报。",
            "It was there when the deal closed: it is not signed off or attached. Settle, or, if the report left it out, report anew.",
        ),
    ),
    "no_listing": refusal(
        ("该成交没有房源", "The deal has no listing"),
        ("这笔成交没有关联房源。请先关联房源。", "This deal has no listing attached. Attach one first."),
    ),
    "listing_already_attached": refusal(
        ("该成交已有房源", "The deal already has a listing"),
        (
            "这笔成交已经关联了房源[ {listing}]，不能再关联另一套。报错了的，请撤销后重新报。",
            "This deal already has a listing[ ({listing})]; another cannot be attached. If it is wrong, have the deal cancelled and "
            "report anew.",
        ),
    ),
    "already_ruled": refusal(
        ("该争议已有裁决", "The dispute is already decided"),
        (
            "这项争议公司已作终审裁决，不再受理。有新的事实的，请另提争议。",
            "The company has ruled on this dispute in the second and last instance. If there are new facts, open another dispute.",
        ),
    ),
    "violation_already_answered": refusal(
        ("该违规已有处理", "This violation was answered before"),
        (
            "这项违规已有人处理[（现为{state}）][，处理人 {by}，{first_at}]。当事人不服的，可以申诉，由上一级决定。",
            "This violation was answered before[ (it is {state})][, by {by}, {first_at}]. Whoever it concerns may appeal; the next higher "
            "rank decides.",
        ),
        ("一项违规只确认或撤销一次，之后只有申诉。", "A violation is confirmed or dropped once; after that only an appeal changes it."),
    ),
    "violation_not_confirmed": refusal(
        ("该违规没有待申诉的认定", "There is nothing to appeal against"),
        (
            "只有已确认的违规才能申诉一次[（现为{state}）]。请先查看它的状态，尚未处理的可向店长说明情况。",
            "Only a confirmed violation can be appealed, and once[ (it is {state})]. Look up its state; while it is only proposed, "
            "tell your store manager your side.",
        ),
    ),
    "earlier_violation_open": refusal(
        ("前一次违规还没有结论", "An earlier one is still open"),
        (
            "这次屡犯以前一次违规为前提，而前一次[（{first}，现为{state}）]还没有结论。请先处理前一次。",
            "This repeat rests on an earlier violation that is still open[ ({first}, {state})]. Answer that one first.",
        ),
        ("屡犯须以前次违规成立为前提。", "A repeat counts only what stands."),
    ),
    "no_clause_for_violation": refusal(
        ("现行制度没有这一条", "The policy pack in force has no such clause"),
        (
            "当事人门店现行的制度包没有处理这种违规[（{kind}）]的条款，不能提出。请核对种类，或由公司在制度包里增补。",
            "The pack in force for that person's store has no clause for such a violation[ ({kind})]. Check the kind, or have the company "
            "add the clause to its pack.",
        ),
    ),
    "violation_not_appealed": refusal(
        ("该违规没有待决的申诉", "No appeal is open"),
        (
            "这项违规没有等待决定的申诉[（现为{state}）]。要等当事人申诉后才能决定，请先查看它的状态。",
            "No appeal of this violation waits for a decision[ (it is {state})]. First whoever it concerns appeals; look up its state.",
        ),
    ),
    "nobody_above": refusal(
        ("没有更高一级可以受理", "There is nobody above to decide"),
        (
            "这项认定由最高一级作出[（{role}）]，公司内没有更高一级受理申诉。请与其当面沟通。",
            "This was decided by the highest rank[ (the {role})]; nobody in the company stands above to hear an appeal. "
            "Speak to them in person.",
        ),
    ),
    "unknown_role": refusal(
        ("制度里没有这个角色", "The policy pack has no such role"),
        (
            "战报[为“{named}”]列了人，生效的制度里却没有由战报列人的这一角色[；可列的角色：{known}]。请核对角色名称，或不列。",
            "The report names somebody for a role[, {named},] that no report names anybody for under the pack in force[; those "
            "are: {known}]. Check the role's name, or leave it out.",
        ),
    ),
    "closer_named_twice": refusal(
        ("成交人重复", "A closer is named twice"),
        ("同一个成交人只能列一次。请去掉重复的一个。", "Each closer is named once. Leave out the second mention."),
    ),
}
