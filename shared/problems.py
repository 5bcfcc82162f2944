"""Every answer that says no, in Chinese and English, written for the agent who reads it: what is wrong, and what to do next.

A code is for ever and stays English; its sentences may be improved. In a sentence `{limit}` is filled in from the facts of the
refusal, and a part in square brackets is left out when one of its facts is not there, so that a sentence is whole with any facts.
No sentence takes a phone, a name or free text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final, Literal

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")

_SHANGHAI: Final = timezone(timedelta(hours=8))  # no summer time since 1991, which is before anything this product records
_PLACE: Final = re.compile(r"\{(\w+)\}")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said in both languages."""

    zh: str
    en: str

    def said(self, language: Language, facts: Mapping[str, object] | None = None) -> str:
        """Filled in from the facts; a bracketed part with a missing fact vanishes, a missing fact elsewhere stays as its name."""
        text = self.zh if language == "zh" else self.en
        known = {name: _shown(fact, name, language) for name, fact in (facts or {}).items() if fact is not None}
        text = _OPTIONAL.sub(lambda part: part[1] if all(name in known for name in _PLACE.findall(part[1])) else "", text)
        return _PLACE.sub(lambda place: known.get(place[1], place[1]), text)


@dataclass(frozen=True, slots=True)
class Problem:
    """How a code is answered. `why`, of refusals by a clause, says what the clause asks."""

    status: int
    title: Words
    detail: Words
    why: Words | None = None


def problem(code: str) -> Problem:
    """The catalogue's entry; a code without one is our fault, found by the tests, and must not hide the refusal in production."""
    return CATALOGUE.get(code) or Problem(
        409,
        Words("操作未能完成", "The request was refused"),
        Words(f"系统拒绝了这次操作（{code}）。", f"The request was refused ({code})."),
    )


def label(code: str, language: Language) -> str:
    """The readable name of a violation, note, state, role or line's role; the code itself when it has none."""
    words = LABELS.get(code)
    return code if words is None else words.said(language)


def preferred(accept_language: str | None) -> Language:
    """RFC 9110 Accept-Language: the better wanted of zh and en; Chinese when nothing is said or both are wanted alike."""
    wanted: dict[str, float] = {}
    for item in (accept_language or "")[:500].split(","):
        tag, _, quality = item.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in ("zh", "en", "*"):
            wanted[primary] = max(wanted.get(primary, 0.0), _quality(quality))
    zh, en = (wanted.get(language, wanted.get("*", 0.0)) for language in LANGUAGES)
    return "en" if en > zh else "zh"


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    return float(value) if re.fullmatch(r"[01](\.\d{0,3})?", value.strip()) else 0.0


def _shown(fact: object, name: str, language: Language) -> str:
    match fact:
        case datetime():
            return fact.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return fact.isoformat()
        case str():
            words = _LABELLED.get(name, {}).get(fact)
            return fact if words is None else words.said(language)
        case Collection():
            return ("、" if language == "zh" else ", ").join(_shown(item, name, language) for item in fact)
        case _:
            return str(fact)


def _refused(title: tuple[str, str], detail: tuple[str, str], why: tuple[str, str] | None = None, *, status: int = 409) -> Problem:
    return Problem(status, Words(*title), Words(*detail), Words(*why) if why else None)


REFUSALS: Final[dict[str, Problem]] = {
    "forbidden": _refused(
        ("无权操作", "Not yours to do"),
        (
            "您不能办理这项操作[：需要{role}或其上级][：由{beside}办理][：只能由{whose}办理]。请转交有权限的同事或您的上级办理。",
            "You may not do this[: it takes the rank of {role} or above][: it is for {beside}][: it is for {whose}]. Ask someone who may, "
            "or your manager, to do it.",
        ),
        (
            "谁能办什么事按岗位和管辖范围确定；离职人员不能办理任何操作。",
            "Post and reach decide who may do what; who has left may do nothing.",
        ),
        status=403,
    ),
    "conflict_of_interest": _refused(
        ("利益冲突，须回避", "You are a party to this"),
        (
            "您是当事人，或此前已提出、认定过这件事，不能由您来结算、裁定或认定。请由与此事无关的上级办理。",
            "You are a party to this, or have proposed or answered it before, so it is not yours to settle, rule on or confirm. "
            "Ask a manager who has no part in it.",
        ),
        ("当事人和提出人不得裁决自己的事。", "Nobody decides on what they are a party to or proposed themselves."),
        status=403,
    ),
    "unknown_reference": _refused(
        ("找不到所指的记录", "No such record"),
        (
            "找不到您所指的记录[（{field}）]：它不存在，或不属于您的公司。请核对编号后重试。",
            "The record you refer to[ ({field})] does not exist or is not your company's. Check the id and try again.",
        ),
    ),
    "client_incomplete": _refused(
        ("客源资料不全", "Client details are missing"),
        (
            "客源须填写楼层、面积、朝向、价格、电话和特殊需求（没有也请写“无”）才算录入[；还缺：{missing}]。补齐后再提交。",
            "A client counts as entered only with floor, area, orientation, price, phone and special needs (“none” is "
            "an answer)[; missing: {missing}]. "
            "Fill these in and send again.",
        ),
        ("资料齐全的客源才算录入。", "A client counts as entered only when these are all there."),
    ),
    "follow_up_too_short": _refused(
        ("跟进内容太短", "The follow-up is too short"),
        (
            "跟进要有[至少 {characters_min} 个]有效字（标点和空格不算）[，现在只有 {characters} 个]。请写清楚沟通了什么、结果如何。",
            "A follow-up needs[ at least {characters_min}] characters of substance (blanks and punctuation do not count)"
            "[; this one has {characters}]. Say what was discussed and what came of it.",
        ),
        ("跟进须有[至少 {characters_min} 个字的]实质内容。", "A follow-up has substance[: at least {characters_min} characters]."),
    ),
    "follow_up_without_substance": _refused(
        ("跟进没有实质内容", "The follow-up says nothing"),
        (
            "去掉“看业主电话”一类套话后，跟进[只剩 {characters} 个有效字，]不够[ {characters_min} 个]。请写这次跟进本身的内容。",
            "Without phrases such as “see owner's phone”, too little[ ({characters} of {characters_min} characters)] is left of "
            "the text. Write what this follow-up was about.",
        ),
        ("套话不算跟进内容。", "Stock phrases do not count as a follow-up."),
    ),
    "contact_in_text": _refused(
        ("文字里有电话号码", "There is a phone number in the text"),
        (
            "文字里不能出现电话号码[（{field}）]。请删去号码，号码只填在电话栏里。",
            "No phone number may stand in a text[ ({field})]. Take it out; numbers belong in the phone field only.",
        ),
        ("跟进等文字中不得出现联系方式。", "No contact stands in a text."),
    ),
    "duplicate_listing": _refused(
        ("房源已存在", "This room is already entered"),
        (
            "这套房已有正确录入的房源[（{original}，录入时间 {first_at}）]。请在原房源上跟进，不要重复录入。",
            "This room already has a correct entry[ ({original}, recorded {first_at})]. Follow up on that one "
            "instead of entering it again.",
        ),
        ("同一套房以最先正确录入的为准。", "The first correct entry of a room is the original."),
    ),
    "listing_draft": _refused(
        ("房源资料还不完整", "The listing is still a draft"),
        (
            "这条房源还是草稿，不能办这件事。请先补全小区、栋、单元、房号和业主真实电话[（还缺：{missing}）]。",
            "This listing is still a draft. Complete community, building, unit, room and the owner's real phone "
            "first[ (missing: {missing})].",
        ),
        ("只有正确的房源才能成交、带看和计分。", "Only a correct listing carries deals, viewings and shares."),
    ),
    "photo_uploaded_already": _refused(
        ("这张照片已上传过", "This photo is there already"),
        (
            "同一张照片这条房源已有[：{first}，由 {by} 上传]。请直接使用，或拍一张新的。",
            "The listing has this very photo[: {first}, uploaded by {by}]. Use that one, or take another.",
        ),
        ("实勘照片须是自己拍的、不重复的。", "A survey's photos are one's own and different ones."),
    ),
    "too_many_photos": _refused(
        ("照片太多", "Too many photos"),
        (
            "一条房源最多存[ {at_most} ]张照片。请用已上传的照片。",
            "One listing takes[ {at_most}] photos at most. Use those that are there.",
        ),
        ("实勘只需几张清楚的照片。", "A survey takes a few clear photos."),
    ),
    "photo_named_twice": _refused(
        ("同一张照片列了两次", "A photo is named twice"),
        ("实勘里同一张照片列了两次。请每张只列一次。", "The survey names a photo twice. Name each once."),
        ("实勘按张数计算，一张只算一次。", "A survey is counted by photos, each once."),
    ),
    "photo_of_another": _refused(
        ("照片是别人上传的", "Somebody else uploaded the photo"),
        (
            "这张照片[由 {by} ]上传，不能算作您的实勘。请用自己上传的照片。",
            "This photo was uploaded by somebody else[: {by}]; it is not your survey. Use photos that you uploaded.",
        ),
        ("实勘和户型图的分成归亲自做的人。", "A survey's and a plan's part is for who did the work."),
    ),
    "not_holder": _refused(
        ("您不是归属人", "You do not hold this"),
        (
            "只有归属人或录入人能办这件事[；现归属人是 {holder}]。请找归属人或您的店长。",
            "Only the holder or recorder may do this[; it is held by {holder} now]. Ask them or your store manager.",
        ),
        ("这件事由归属人或录入人办理。", "This is for the holder or the recorder."),
    ),
    "already_assigned": _refused(
        ("已经归属该账号", "It already stands there"),
        (
            "它已经归属[ {holder} ]这一方，不需要再次分配。要给别人的，请改填归属方。",
            "It is already held[ by {holder}]; there is nothing to reassign. If you meant someone else, name them.",
        ),
    ),
    "concealment_limit": _refused(
        ("加密名额已用完", "No place left for concealment"),
        (
            "您同时加密的房源已达上限[ {at_most} 套]。请先公开一套再加密这一套。",
            "You already conceal as many listings as you may[ ({at_most})]. Reveal one first, then conceal this one.",
        ),
        ("每人同时加密的房源有上限[：{at_most} 套]。", "Each agent conceals a limited number of listings at a time[: {at_most}]."),
    ),
    "form_already_used": _refused(
        ("看房确认单号已用过", "This viewing form was used before"),
        (
            "这个看房确认单号已经登记过[，登记人 {by}][，{first_at}]。每张确认单只能用一次，请核对单号。",
            "This viewing form number is already on record[, by {by}][, {first_at}]. Each form serves once; check the number.",
        ),
        ("一张看房确认单只能登记一次。", "A form number serves once."),
    ),
    "not_claimable": _refused(
        ("现在不能认领", "It cannot be claimed"),
        (
            "这条记录不在您本组或公司的公共账号上[（现归属 {holder}）]，不能认领。请先查看它的归属人和状态。",
            "It does not stand on your own team's or the company's account[ (held by {holder})], so it cannot be "
            "claimed. Look up its holder and state first.",
        ),
        ("只有在本组或公司公共账号上的公盘可以认领。", "Only what stands on one's own team's account or the company's can be claimed."),
    ),
    "agent_phone_as_owner": _refused(
        ("业主电话是员工电话", "That phone is an employee's"),
        (
            "所填业主电话是在职员工的电话，不能作为业主电话，此次尝试已记录在案。请填写业主本人的真实电话。",
            "The owner's phone you gave is an employee's. The attempt is on record. Enter the owner's own real phone.",
        ),
        ("业主电话不得是经纪人的电话。", "The owner's phone must not be an agent's."),
    ),
    "key_not_held": _refused(
        ("您手上没有这把钥匙", "You hold no key of this listing"),
        (
            "系统里没有您持有这套房源钥匙的记录，不能归还。请核对房源，或由实际持有人归还。",
            "There is no record that you hold this listing's key, so you cannot return it. Check the listing, or have "
            "its keeper return it.",
        ),
    ),
    "closer_without_viewing": _refused(
        ("成交人没有带看记录", "A closer has no viewing on record"),
        (
            "多人成交时每个成交人都要有带看记录[；{person} 没有]。请从成交人中去掉，或核对带看登记。",
            "With several closers each needs a viewing of this listing with this client on record[; {person} has "
            "none]. Leave them out or check the viewings.",
        ),
        ("几人同时成交的，每人都须在成交前登记带看。", "Several closers share only if each recorded a viewing before closing."),
    ),
    "deal_already_reported": _refused(
        ("该房源已有成交报告", "This listing already has an open deal"),
        (
            "这套房源已有未了结的成交[（{first}）][，先报者 {by}][，{first_at} 先报]。如有异议，请对那一笔提出争议。",
            "This listing already has an open deal[ ({first})][, reported first by {by}][, at {first_at}]. If you "
            "disagree, raise a dispute on that deal.",
        ),
        ("一套房源同时只能有一笔未了结的成交，先报者为准。", "One open deal per listing; the first recorded stands."),
    ),
    "already_settled": _refused(
        ("该成交已经结算", "The deal is already settled"),
        (
            "这笔成交已经结算，不能再改。需要更正的，请提出争议，由公司裁定增补。",
            "This deal is already settled and cannot be changed. For a correction raise a dispute; the company adjudicates by "
            "adding lines.",
        ),
        ("已结算的分成不再修改，只能冲正或增补。", "What was settled is never edited; corrections are added."),
    ),
    "not_settled": _refused(
        ("该成交还没有结算", "The deal is not settled yet"),
        (
            "这笔成交还没有结算[（现为{state}）]。请先请成交店店长结算。",
            "This deal is not settled yet[ (it is {state})]. The closing store's manager settles it first.",
        ),
    ),
    "nothing_to_judge": _refused(
        ("那时还没有这笔成交", "There was no such deal then"),
        (
            "在所问的时间[（{at}）]，这笔成交的战报、客源或成交人还没有记录，无法分佣。请选择更晚的时间。",
            "At the time asked for[ ({at})] the deal's report, client or closers were not on record, so there is nothing to split. "
            "Ask for a later time.",
        ),
    ),
    "not_reported": _refused(
        ("还没有成交报告", "The deal is not reported"),
        (
            "这笔成交还没有提交成交战报[（现为{state}）]。请先提交战报。",
            "No deal report was sent for this deal[ (it is {state})]. Report it first.",
        ),
    ),
    "already_reported": _refused(
        ("成交战报已经提交", "The deal is already reported"),
        (
            "这笔成交的战报已经提交[（{first_at}）]，不必重复提交。要更正的，请先撤销这笔成交再重新报。",
            "This deal was already reported[ ({first_at})]. If the report is wrong, have the deal cancelled and report it anew.",
        ),
    ),
    "cancelled": _refused(
        ("该成交已经撤销", "The deal is cancelled"),
        (
            "这笔成交已经撤销，不能再办理。请另行提交新的成交。",
            "This deal was cancelled; nothing more can be done with it. Report a new one.",
        ),
    ),
    "no_pack": _refused(
        ("没有生效的分配制度", "No policy pack is in force"),
        (
            "[{store} 店在 {at} ]没有生效的分配制度，系统不会猜测。请总经理先启用制度包。",
            "No policy pack is in force[ for store {store} at {at}], and none is guessed. Ask the general manager to activate one first.",
        ),
    ),
    "pack_invalid": _refused(
        ("制度包不合格", "The policy pack is not valid"),
        (
            "制度包不能启用[：{reason}][（{place}）]。请改正后重新提交。",
            "The policy pack cannot be activated[: {reason}][ ({place})]. Correct it and send it again.",
        ),
        (
            "制度包的份额须合计 100，条款须为系统所知，生效时间不得重复或早于现在。",
            "A pack's shares sum to 100, its clauses are known, and its start is neither taken nor past.",
        ),
    ),
    "adjudication_not_zero": _refused(
        ("裁定金额合计不为零", "The adjudication does not sum to zero"),
        (
            "裁定只能在各方之间调整，各行金额合计须为零[，现合计 {sum_fen} 分]。请改正金额。",
            "An adjudication only moves money between parties; its lines must sum to zero[ (they sum to {sum_fen} "
            "fen)]. Correct the amounts.",
        ),
        ("裁定各行合计为零，不改动已算出的分成。", "An adjudication is new lines summing to zero."),
    ),
    "lines_do_not_fit_ruling": _refused(
        ("裁决与各行不符", "The lines do not fit the ruling"),
        (
            "改判（corrected）要附上合计为零的各行，或采纳一种推演结果（adopt），二者取一；维持（upheld）或驳回（rejected）都不附。"
            "请补上或去掉后重新提交。",
            "A ruling that corrects comes either with lines that sum to zero or with an alternative that it adopts; one that upholds or "
            "rejects comes with neither. Add or leave them out.",
        ),
        ("改判以增补的各行，或以冲正后重新入账作出。", "A correction adds lines, or reverses and rebooks."),
    ),
    "correction_changes_nothing": _refused(
        ("改判没有改变任何分成", "The correction changes nothing"),
        (
            "按所采纳的推演，分成与现在一致，没有可更正的。请改为维持（upheld），或另选推演。",
            "By the alternative that you adopt the split is what it is now, so there is nothing to correct. Uphold it, or adopt another.",
        ),
        ("改判须改变已入账的分成。", "A correction changes what was booked."),
    ),
    "not_as_shown": _refused(
        ("结果与所看到的推演不同", "It is not what was shown"),
        (
            "重新推演的结果与您所看到的不同[（现为 {digest}）]，没有入账。请重新查看推演后再裁决。",
            "Judged again, the alternative is not what you were shown[ (it is {digest} now)]; nothing was booked. Look at it again, then "
            "rule.",
        ),
    ),
    "dispute_too_late": _refused(
        ("提出争议已过期限", "It is too late to dispute this"),
        (
            "结算后[ {days} 天内]可以提出争议[，截止于 {until}]，现已过期。确有特殊情况的，请报总经理裁定调整。",
            "A deal can be disputed[ within {days} days] of its settlement[, before {until}]; that has passed. In a special case ask the "
            "general manager to adjudicate.",
        ),
        ("争议须在结算后[ {days} 天]内提出。", "A dispute is opened within a term[ of {days} days] from settlement."),
    ),
    "not_ruled": _refused(
        ("一审还没有裁决", "The first instance has not ruled"),
        (
            "这项争议还没有一审裁决，不能上诉。请先等区域经理裁决，也可以补充陈述。",
            "The first instance has not ruled on this dispute, so there is nothing to appeal against. Wait for the area manager's ruling; "
            "until then you may add a statement.",
        ),
        ("一审裁决之后才能提请二审。", "The second instance follows the first."),
    ),
    "ruling_stands": _refused(
        ("一审裁决已经生效", "The first ruling stands"),
        (
            "一审裁决后[ {days} 天内]可以提请二审[，截止于 {until}]，现已过期，一审裁决生效。确有特殊情况的，请报总经理裁定调整。",
            "The first ruling could be taken to the company[ within {days} days][, before {until}]; that has passed, and it stands. In a "
            "special case ask the general manager to adjudicate.",
        ),
        ("提请二审须在一审裁决后[ {days} 天]内。", "The second instance is asked for within a term[ of {days} days]."),
    ),
    "entry_not_of_deal": _refused(
        ("这条记录与该成交无关", "That entry is no part of the deal"),
        (
            "记录[ {entry} ]不在这笔成交的证据之内，不能计入或剔除。请在成交回放的时间线里查找记录编号。",
            "The entry[ {entry}] is not among this deal's evidence, so it can be neither admitted nor left out. Look up its id in the "
            "timeline of the deal's replay.",
        ),
    ),
    "entry_changes_nothing": _refused(
        ("这条记录本来就是如此", "That is how the entry counts already"),
        (
            "记录[ {entry} ]计入的已在成交之前，剔除的本来就没有计入，推演没有意义。请换一条记录。",
            "The entry[ {entry}] counts already if you admit it, or did not count if you leave it out. Choose another.",
        ),
    ),
    "entry_is_needed": _refused(
        ("没有这条记录就没有这笔成交", "Without that entry there is no deal"),
        (
            "记录[ {entry} ]是成交本身、成交客源或人员入职的记录，剔除后无从分佣。请换一条记录。",
            "The entry[ {entry}] is the deal's own, its client's or a person's joining; without it there is nothing to split. Choose "
            "another.",
        ),
    ),
    "listing_not_late": _refused(
        ("该房源不是补录的", "The listing is not a late one"),
        (
            "这套房源在成交之前已经录入，不需要补录签批。可以直接结算。",
            "This listing was entered before the deal closed; there is nothing to sign off, and the deal can be settled.",
        ),
    ),
    "no_listing": _refused(
        ("该成交没有房源", "The deal has no listing"),
        ("这笔成交没有关联房源。请先关联房源。", "This deal has no listing attached. Attach one first."),
    ),
    "listing_already_attached": _refused(
        ("该成交已有房源", "The deal already has a listing"),
        (
            "这笔成交已经关联了房源[ {listing}]，不能再关联另一套。报错了的，请撤销后重新报。",
            "This deal already has a listing[ ({listing})]; another cannot be attached. If it is wrong, have the deal cancelled and "
            "report anew.",
        ),
    ),
    "already_ruled": _refused(
        ("该争议已有裁决", "The dispute is already decided"),
        (
            "这项争议公司已作终审裁决，不再受理。有新的事实的，请另提争议。",
            "The company has ruled on this dispute in the second and last instance. If there are new facts, open another dispute.",
        ),
    ),
    "violation_already_answered": _refused(
        ("该违规已有处理", "This violation was answered before"),
        (
            "这项违规已有人处理[（现为{state}）][，处理人 {by}，{first_at}]。当事人不服的，可以申诉，由上一级决定。",
            "This violation was answered before[ (it is {state})][, by {by}, {first_at}]. Whoever it concerns may appeal; the next higher "
            "rank decides.",
        ),
        ("一项违规只确认或撤销一次，之后只有申诉。", "A violation is confirmed or dropped once; after that only an appeal changes it."),
    ),
    "violation_not_confirmed": _refused(
        ("该违规没有待申诉的认定", "There is nothing to appeal against"),
        (
            "只有已确认的违规才能申诉一次[（现为{state}）]。请先查看它的状态，尚未处理的可向店长说明情况。",
            "Only a confirmed violation can be appealed, and once[ (it is {state})]. Look up its state; while it is only proposed, "
            "tell your store manager your side.",
        ),
    ),
    "earlier_violation_open": _refused(
        ("前一次违规还没有结论", "An earlier one is still open"),
        (
            "这次屡犯以前一次违规为前提，而前一次[（{first}，现为{state}）]还没有结论。请先处理前一次。",
            "This repeat rests on an earlier violation that is still open[ ({first}, {state})]. Answer that one first.",
        ),
        ("屡犯须以前次违规成立为前提。", "A repeat counts only what stands."),
    ),
    "no_clause_for_violation": _refused(
        ("现行制度没有这一条", "The policy pack in force has no such clause"),
        (
            "当事人门店现行的制度包没有处理这种违规[（{kind}）]的条款，不能提出。请核对种类，或由公司在制度包里增补。",
            "The pack in force for that person's store has no clause for such a violation[ ({kind})]. Check the kind, or have the company "
            "add the clause to its pack.",
        ),
    ),
    "violation_not_appealed": _refused(
        ("该违规没有待决的申诉", "No appeal is open"),
        (
            "这项违规没有等待决定的申诉[（现为{state}）]。要等当事人申诉后才能决定，请先查看它的状态。",
            "No appeal of this violation waits for a decision[ (it is {state})]. First whoever it concerns appeals; look up its state.",
        ),
    ),
    "nobody_above": _refused(
        ("没有更高一级可以受理", "There is nobody above to decide"),
        (
            "这项认定由最高一级作出[（{role}）]，公司内没有更高一级受理申诉。请与其当面沟通。",
            "This was decided by the highest rank[ (the {role})]; nobody in the company stands above to hear an appeal. "
            "Speak to them in person.",
        ),
    ),
    "visit_incomplete": _refused(
        ("来访（来电）登记不全", "The visit is not fully registered"),
        (
            "来访、来电都要登记时间、随行人员（没有也请写“无”）、需求、来源、沟通概况和接待人，没留姓名电话的也一样[；还缺：{missing}]。补齐后再提交。",
            "A visit or call is registered with when, with whom (“nobody” is an answer), the wish, the source, what was said and "
            "the agent; no name or number is needed[; missing: {missing}]. Fill these in and send again.",
        ),
        ("每次来访、来电都要登记，没有留下姓名电话的也一样。", "Every visit and call is registered, also without a name or a number."),
    ),
    "no_reply_wanted": _refused(
        ("没有需要答复的问题", "There is nothing to answer"),
        (
            "这次来访（来电）登记时没有要求答复。联系情况请写在客源的跟进里。",
            "Nothing was asked that waits for an answer. Write contacts down as follow-ups on the client.",
        ),
    ),
    "already_replied": _refused(
        ("已经答复过", "It was answered before"),
        (
            "这项询问已有答复[，答复人 {by}][，{first_at}]。之后的联系请写在客源的跟进里。",
            "This enquiry was answered before[, by {by}][, {first_at}]. Write later contacts down as follow-ups on the client.",
        ),
        ("询问只答复一次，按时限计。", "An enquiry is answered once, within its hours."),
    ),
    "already_linked": _refused(
        ("已经关联客源", "It belongs to a client already"),
        (
            "这次来访（来电）已经关联客源[ {client}]，不能再关联另一个。请核对编号。",
            "This visit belongs to a client already[ ({client})] and to one only. Check the id.",
        ),
    ),
    "plan_incomplete": _refused(
        ("回访计划不全", "The plan is not complete"),
        (
            "下次回访要写明日期和要做什么[；还缺：{missing}]。补齐后再提交。",
            "A plan says on which day the next contact is and what for[; missing: {missing}]. Fill these in and send again.",
        ),
        ("客户档案要有下次回访计划。", "A client's file has a plan for the next contact."),
    ),
    "date_is_past": _refused(
        ("日期已过", "That day is over"),
        ("所填日期[ {day} ]已经过去。请填今天或以后的日期。", "The day you gave[, {day},] is over. Give today or a later day."),
    ),
    "date_is_to_come": _refused(
        ("时间还没有到", "That is still to come"),
        ("所填时间[ {day} ]还没有到。请填已经发生的时间。", "The time you gave[, {day},] is still to come. Give when it happened."),
    ),
    "file_closed": _refused(
        ("客户档案已关闭", "The file is closed"),
        (
            "这个客户[（{state}）]已不再跟进，不能办理这件事。客户又有需求的，请先重新打开档案。",
            "This client is not worked any more[ ({state})]. If they want something again, reopen the file first.",
        ),
    ),
    "nothing_to_hand_over": _refused(
        ("还没有可交房的成交", "There is nothing to hand over"),
        (
            "客户名下没有成交，不能登记交房。请先提交成交战报。",
            "No deal of this client stands, so no home can be handed over. Report the deal first.",
        ),
        ("签约后继续跟进，直到交房。", "Follow-up goes on after signing until handover."),
    ),
    "loss_report_incomplete": _refused(
        ("战败申请填写不全", "The loss report is not complete"),
        (
            "战败申请要写明日期、原因和客户另选了什么（没有另选也请写“无”）[；还缺：{missing}]。补齐后再提交。",
            "A loss report says on which day, why, and what the client chose instead (“nothing” is an answer)[; missing: {missing}]. "
            "Fill these in and send again.",
        ),
        ("放弃客户只凭主管批准的战败申请。", "A client is given up by a loss report alone, which the manager accepts."),
    ),
    "loss_already_reported": _refused(
        ("战败申请已提交", "The loss is reported already"),
        (
            "这个客户已有待批的战败申请[，申请人 {by}][，{first_at}]。请等主管批复，期间照常跟进。",
            "A loss report on this client waits for the manager[, by {by}][, {first_at}]. Until it is answered keep following up.",
        ),
    ),
    "no_loss_report": _refused(
        ("没有待批的战败申请", "No loss report waits"),
        (
            "这个客户没有等待批复的战败申请。请先由归属人提交。",
            "No loss report on this client waits for an answer. Its holder reports the loss first.",
        ),
        ("放弃客户只凭主管批准的战败申请。", "A client is given up by a loss report alone, which the manager accepts."),
    ),
    "deal_stands": _refused(
        ("客户名下还有成交", "A deal with this client stands"),
        (
            "客户名下有成交[ {deal}]，不能作战败处理。成交不算数的，请先撤销成交。",
            "A deal with this client stands[ ({deal})], so they are not lost. If it came to nothing, have it cancelled first.",
        ),
    ),
    "nobody_left": _refused(
        ("没有需要告知的接替", "There is no successor to tell of"),
        (
            "这个客户的负责人没有离职，或已经告知过客户。不必再办理，请照常跟进。",
            "Nobody in charge of this client has left, or the client was told already. Nothing is to be done; follow up as usual.",
        ),
        ("负责人离职时要告知客户并指定接替人。", "When the agent in charge leaves, the client is told and a successor named."),
    ),
    "no_successor": _refused(
        ("还没有指定接替人", "No successor is named yet"),
        (
            "原负责人[ {person} ]已离职，客户还没有接替人。请店长先把客户分配给在职经纪人，再告知客户。",
            "The agent in charge[, {person},] has left and nobody has taken over. Have the store manager reassign the client first, "
            "then tell them.",
        ),
        ("负责人离职时要告知客户并指定接替人。", "When the agent in charge leaves, the client is told and a successor named."),
    ),
    "finding_not_open": _refused(
        ("没有这项待整改", "This finding is not open"),
        (
            "半年检查没有发现这一项[（{finding}）]，或已经整改、已经放行。请重新查看检查结果。",
            "The half-yearly check did not find this[ ({finding})], or it was put right or excused since. Look at its findings again.",
        ),
        ("客户档案每半年检查一次，发现的问题逐项整改。", "Files are checked each half year, and findings are worked off."),
    ),
    "has_left": _refused(
        ("该员工已离职", "That person has left"),
        (
            "该员工已经离职，不能再办理其人事事项。如重新入职，请按新员工办理。",
            "That person has already left; their post cannot be changed any more. Who comes back joins anew.",
        ),
    ),
    "leave_ends_before_it_begins": _refused(
        ("假期起止日期颠倒", "The leave ends before it begins"),
        (
            "假期的截止日期[ {last} ]早于开始日期[ {first}]。请核对日期。",
            "The leave's last day[ {last}] lies before its first[ {first}]. Check the dates.",
        ),
    ),
    "year_not_over": _refused(
        ("这一年还没有过完", "That year is not over"),
        (
            "[{year} 年]还没有过完，全年数据要到次年1月1日起才能填报和评级。请到时再办。",
            "The year[ {year}] is not over; its figures can be entered and graded from 1 January of the next. Come back then.",
        ),
        ("客户每年按上一年度的数据评级一次。", "Clients are graded yearly, on last year's figures."),
    ),
    "grading_outside_its_year": _refused(
        ("生效日期不在评级年度内", "Not within the year that is graded"),
        (
            "[{year} 年度]评级须在当年内生效，也不能从已经过去的日子起生效。请改选今天或以后、当年以内的日期。",
            "A grading[ for {year}] takes effect within its year, and on no day that is over. Choose today or a later day of that year.",
        ),
        ("评级自确定的日期起生效，不溯及以往。", "A grade holds from a date, and never for the past."),
    ),
    "already_graded": _refused(
        ("这一年已经评过级", "That year has been graded"),
        (
            "[{year} 年度]评级已经确认[（{by}，{first_at}）]，一年只有一次。评错了的，请先撤回原评级再重新评。",
            "The grading[ for {year}] has been confirmed[ (by {by}, {first_at})]; there is one a year. If it is wrong, have it "
            "withdrawn, then grade anew.",
        ),
        ("每年只评级一次。", "Clients are graded once a year."),
    ),
    "grading_withdrawn": _refused(
        ("这次评级已经撤回", "This grading was withdrawn"),
        (
            "[{year} 年度]的这次评级已经撤回，不能再确认。请重新拟定一次。",
            "This grading[ for {year}] was withdrawn and cannot be confirmed. Draft another.",
        ),
    ),
    "nothing_to_grade": _refused(
        ("没有可评级的数据", "There are no figures to grade"),
        (
            "还没有任何客户填报[ {year} 年]的数据。请先由财务或客服经理填报。",
            "No client has figures[ of {year}] yet. Have finance or the service manager enter them first.",
        ),
        ("按加权指标计分，再按名次分级。", "Clients are ranked by the score of weighted indicators."),
    ),
    "figures_do_not_fit": _refused(
        ("填报的数据与指标不符", "The figures do not fit the indicators"),
        (
            "每项指标都要填一个整数，没有的填0，不能多填别的[；公司的指标：{indicators}][；有 {clients} 个客户不符]。请改正后重新提交。",
            "Each indicator takes one whole number, 0 where there is none, and nothing else counts[; the company's are: {indicators}]"
            "[; clients that do not fit: {clients}]. Correct them and send again.",
        ),
        ("计分指标及其权重由公司规定。", "The indicators and their weights are the company's."),
    ),
    "payment_not_late": _refused(
        ("这笔付款没有逾期", "That payment is not late"),
        (
            "付款日当天24时以前付款不算逾期[（付款日 {due}）]。请核对付款日和到账日。",
            "A payment is late only after 24:00 of the day on which it is due[ ({due})]. Check when it was due and when it came.",
        ),
        ("同一季度两次逾期付款，立即降一级。", "Two late payments in one quarter cost a grade at once."),
    ),
    "late_payment_already_recorded": _refused(
        ("这笔逾期已经登记", "This late payment is on record"),
        (
            "同一笔付款的逾期已经登记过[（{by}，{first_at}）]，不重复计算。登记有误的请先撤回。",
            "This late payment is on record already[ (by {by}, {first_at})] and counts once. If that is wrong, withdraw it first.",
        ),
        ("每笔付款只算一次逾期。", "Each payment is late once."),
    ),
    "complaint_untied": _refused(
        ("投诉没有对应的事项", "The complaint is tied to nothing"),
        (
            "投诉须对应一个客源、房源或成交，至少填一项。请补填编号后重新提交。",
            "A complaint is tied to a client, a listing or a deal, one of them at least. Name it and send again.",
        ),
        ("投诉登记时须与客户、房源或成交挂钩。", "A complaint is tied to its client, listing or deal."),
    ),
    "complaint_not_assigned": _refused(
        ("投诉还没有分派", "The complaint is assigned to nobody"),
        (
            "这件投诉还没有分派给任何人，不能答复。请先由客服经理或店长分派。",
            "Nobody has been given this complaint yet, so it cannot be answered. Have the service manager or store manager "
            "assign it first.",
        ),
        ("投诉先分派，再答复，后结案。", "A complaint is assigned, then answered, then closed."),
    ),
    "complaint_unanswered": _refused(
        ("投诉还没有答复", "The complaint is not answered"),
        (
            "这件投诉还没有答复[（现为{state}）]，不能结案。请先答复投诉人并记录。",
            "This complaint has not been answered[ (it is {state})] and cannot be closed. Answer it and put that on record first.",
        ),
        ("投诉先分派，再答复，后结案。", "A complaint is assigned, then answered, then closed."),
    ),
    "complaint_closed": _refused(
        ("投诉已经结案", "The complaint is closed"),
        (
            "这件投诉已经结案[（{by}，{first_at}）]。还有问题的，请先重新受理。",
            "This complaint was closed[ (by {by}, {first_at})]. If it is not over, reopen it first.",
        ),
    ),
    "complaint_not_closed": _refused(
        ("投诉还没有结案", "The complaint is still open"),
        (
            "这件投诉还在处理中[（现为{state}）]，不需要重新受理。请继续办理。",
            "This complaint is still open[ (it is {state})]; there is nothing to reopen. Go on with it.",
        ),
    ),
    "assignee_complained_of": _refused(
        ("不能交给被投诉人", "That person is complained of"),
        (
            "不能把投诉分派给被投诉人本人。请改派与此事无关的同事。",
            "A complaint is not given to whom it concerns. Assign it to a colleague who has no part in it.",
        ),
        ("被投诉人不得处理自己的投诉。", "Nobody deals with a complaint about themselves."),
    ),
    "leave_needs_no_approval": _refused(
        ("这次请假不需要人事批准", "This leave needs no approval"),
        (
            "请假不超过[ {days} 天]的由主管批准即可，不需要人事批准。请核对起止日期。",
            "A leave of no more than[ {days} days] is the manager's alone; personnel need not approve it. Check its dates.",
        ),
        ("请假超过[ {days} 天]的还须人事批准。", "A leave of more than[ {days} days] is approved by personnel as well."),
    ),
    "unknown_role": _refused(
        ("制度里没有这个角色", "The policy pack has no such role"),
        (
            "战报[为“{named}”]列了人，生效的制度里却没有由战报列人的这一角色[；可列的角色：{known}]。请核对角色名称，或不列。",
            "The report names somebody for a role[, {named},] that no report names anybody for under the pack in force[; those "
            "are: {known}]. Check the role's name, or leave it out.",
        ),
    ),
    "closer_named_twice": _refused(
        ("成交人重复", "A closer is named twice"),
        ("同一个成交人只能列一次。请去掉重复的一个。", "Each closer is named once. Leave out the second mention."),
    ),
}


def _http(status: int, title: tuple[str, str], detail: tuple[str, str]) -> Problem:
    return Problem(status, Words(*title), Words(*detail))


ANSWERS: Final[dict[str, Problem]] = {
    "malformed_json": _http(
        400,
        ("无法读取请求内容", "The body cannot be read"),
        (
            "请求内容不是合格的 JSON[（{reason}）]。请检查后重发；同名字段、NaN、Infinity 和过深的嵌套都不接受。",
            "The body is not acceptable JSON[ ({reason})]. Check it and send again; duplicate keys, NaN, Infinity and "
            "very deep nesting are refused.",
        ),
    ),
    "malformed_header": _http(
        400,
        ("请求头无法读取", "A header cannot be read"),
        (
            "请求头[ {header} ]的写法不对。请按接口说明改正。",
            "The header[ {header}] is not written as the API asks. Correct it as the documentation says.",
        ),
    ),
    "bad_request": _http(
        400,
        ("请求无法读取", "The request cannot be read"),
        (
            "请求的写法不对，服务无法读取。请按接口说明改正后重发。",
            "The request is not written in a way that the service can read. Correct it as the documentation says and send again.",
        ),
    ),
    "idempotency_key_missing": _http(
        400,
        ("缺少 Idempotency-Key", "Idempotency-Key is missing"),
        (
            "每个 POST 请求都要带 Idempotency-Key（1 到 255 个可见 ASCII 字符）。重发时用同一个，以免重复办理。",
            "Every POST carries an Idempotency-Key (1 to 255 visible ASCII characters); use the same one when sending "
            "again, so that nothing is done twice.",
        ),
    ),
    "unauthenticated": _http(
        401,
        ("请先登录", "Sign in first"),
        ("没有有效的登录凭证。请重新登录后再试。", "There is no valid token with this request. Sign in again and retry."),
    ),
    "not_found": _http(
        404, ("没有这个地址", "There is nothing here"), ("没有这个地址。请核对路径。", "There is nothing at this address. Check the path.")
    ),
    "method_not_allowed": _http(
        405,
        ("不支持这种请求方式", "Method not allowed"),
        ("这个地址不支持该请求方式。允许的方式见 Allow 头。", "This address does not take that method; see the Allow header."),
    ),
    "not_acceptable": _http(
        406,
        ("无法提供该格式", "Not acceptable"),
        (
            "服务不能以所要求的格式回答。请改用 application/json。",
            "The service cannot answer in the format asked for. Ask for application/json.",
        ),
    ),
    "slow_body": _http(
        408,
        ("请求内容到得太慢", "The body came too slowly"),
        ("请求内容没有及时收齐。请检查网络后重发。", "The body did not arrive in time. Check the connection and send again."),
    ),
    "conflict": _http(
        409,
        ("与别的操作冲突", "Somebody else was there first"),
        (
            "同一条记录同时有人在改，或这个编号已有记录，什么也没有写入。请重新读取；重发同一请求请用原来的 Idempotency-Key。",
            "Others were changing the same record, or the id has a record already; nothing was written. Read it again; to repeat "
            "a request, send it with its own Idempotency-Key.",
        ),
    ),
    "version_changed": _http(
        412,
        ("记录已被改动", "The record has changed"),
        (
            "您看到之后，这条记录已被改动[：{by} 于 {recorded_at} 改动]，现为版本 {version}。请重新读取后再办。",
            "Since you read it, this record was changed[ by {by}, {recorded_at}]; it is at version {version} now. "
            "Read it again, then decide.",
        ),
    ),
    "body_too_large": _http(
        413,
        ("请求内容太大", "The body is too large"),
        (
            "请求内容超过上限[ {limit_bytes} 字节]。请缩小后重发。",
            "The body is larger than allowed[ ({limit_bytes} bytes)]. Send less at once.",
        ),
    ),
    "unsupported_file_type": _http(
        415,
        ("文件格式不支持", "Unsupported type of file"),
        (
            "这里只收这些格式的文件[：{types}]。请换一种格式，并在 Content-Type 里写明。",
            "Only files of these types are taken here[: {types}]. Use one of them, and say so in Content-Type.",
        ),
    ),
    "no_photo": _http(
        422,
        ("这不是一张完整的照片", "This is no whole photo"),
        (
            "文件读不出一张完整的照片[（{media_type}）]。可能没有传完，或格式与声明不符。请重新上传，什么也没有写入。",
            "The file cannot be read as a whole photo[ ({media_type})]. It may have been cut off, or be of another type than it says. "
            "Upload it again; nothing was written.",
        ),
    ),
    "photo_too_small": _http(
        422,
        ("照片太小", "The photo is too small"),
        (
            "照片的短边不足[ {side_min} 像素]，看不清房子。请上传原图。",
            "The photo's shorter side has fewer than[ {side_min} pixels,] what it takes to see a home. Upload the original.",
        ),
    ),
    "photo_too_large": _http(
        422,
        ("照片像素太多", "The photo has too many pixels"),
        (
            "照片超过[ {pixels_max} ]像素上限。请缩小后上传。",
            "The photo has more pixels than are taken[ ({pixels_max})]. Scale it down and upload it again.",
        ),
    ),
    "photo_damaged": _http(
        503,
        ("照片与登记不符", "The photo is not what was recorded"),
        (
            "存档的照片与登记的指纹不符或已丢失，因此不予显示。请告知管理员核查备份。",
            "The stored photo is gone or does not match its recorded fingerprint, so it is not shown. Tell your administrator to look "
            "at the backups.",
        ),
    ),
    "uri_too_long": _http(
        414, ("地址太长", "The address is too long"), ("请求地址太长。请核对参数。", "The address is too long. Check its parameters.")
    ),
    "unsupported_media_type": _http(
        415,
        ("内容格式不支持", "Unsupported media type"),
        (
            "请求内容须为 application/json（UTF-8，不压缩）。请改正 Content-Type 后重发。",
            "The body must be application/json (UTF-8, not compressed). Correct the Content-Type and send again.",
        ),
    ),
    "invalid_request": _http(
        422,
        ("有字段填写不对", "Some fields are not right"),
        (
            "请求里有 {count} 处填写不对，见 errors。改正后重发，什么也没有写入。",
            "{count} thing(s) in the request are not right, see errors. Correct them and send again; nothing was written.",
        ),
    ),
    "idempotency_key_reused": _http(
        422,
        ("Idempotency-Key 已用于别的请求", "This Idempotency-Key belongs to another request"),
        (
            "同一个 Idempotency-Key 已用于内容不同的请求。新的操作请换一个新的键。",
            "This Idempotency-Key was used for a different request. Use a new key for a new act.",
        ),
    ),
    "bad_cursor": _http(
        422,
        ("翻页游标无效", "The cursor is not valid"),
        (
            "翻页游标无效或不属于这个查询。请从第一页重新开始。",
            "The cursor is not one of ours for this query. Start again from the first page.",
        ),
    ),
    "precondition_required": _http(
        428,
        ("需要 If-Match", "If-Match is required"),
        ("这项操作需要 If-Match。请先读取记录，带上它的 ETag。", "This act needs If-Match. Read the record first and send its ETag."),
    ),
    "too_many_requests": _http(
        429,
        ("请求太频繁", "Too many requests"),
        ("请求太频繁。请按 Retry-After 稍候再试。", "Too many requests. Wait as Retry-After says and try again."),
    ),
    "headers_too_large": _http(
        431,
        ("请求头太大", "The headers are too large"),
        (
            "请求头超过上限[ {limit_bytes} 字节]。请减少请求头后重发。",
            "The headers are larger than allowed[ ({limit_bytes} bytes)]. Send fewer or shorter ones.",
        ),
    ),
    "internal": _http(
        500,
        ("系统出错了", "Something is wrong on our side"),
        (
            "系统内部出错，已经记录。请用同一个 Idempotency-Key 重发；仍不行请把 request_id 告诉管理员。",
            "Something went wrong on our side and is on record. Send again with the same Idempotency-Key; if it "
            "stays, give the request_id to your administrator.",
        ),
    ),
    "not_yet_heard": _http(
        503,
        ("数据还在路上", "Not heard yet"),
        (
            "这里还没有收到您要求的前序数据[（{source}，位置 {position}）]。请按 Retry-After 稍候重发。",
            "What you asked to be seen first[ ({source}, position {position})] has not arrived here yet. Send again as Retry-After says.",
        ),
    ),
    "unavailable": _http(
        503,
        ("服务暂时不可用", "The service is unavailable"),
        (
            "服务暂时不可用。请按 Retry-After 稍候用同一个 Idempotency-Key 重发。",
            "The service is unavailable for the moment. Send again as Retry-After says, with the same Idempotency-Key.",
        ),
    ),
    "storage_full": _http(
        503,
        ("存储空间已满", "Storage is full"),
        (
            "存储空间已满，暂时不能写入；查询照常。请通知管理员。",
            "Storage is full: nothing can be written for now, reading goes on. Tell your administrator.",
        ),
    ),
    "not_ready": _http(
        503,
        ("服务尚未就绪", "The service is not ready"),
        ("服务尚未就绪。请稍候再试。", "The service is not ready yet. Try again in a moment."),
    ),
}

CATALOGUE: Final[dict[str, Problem]] = REFUSALS | ANSWERS

# What can be wrong with one field of a request: the `code` of an item of `errors`.
FIELD_ERRORS: Final[dict[str, Words]] = {
    "missing": Words("缺少这一项，请补上。", "This is missing; add it."),
    "unknown_field": Words("没有这个字段，请去掉或核对名称。", "There is no such field; leave it out, or check its name."),
    "wrong_type": Words("类型不对[，应为{expected}]。", "This has the wrong type[; it should be {expected}]."),
    "out_of_range": Words("数值超出范围[（{bound}）]。", "The number is out of range[ ({bound})]."),
    "too_long": Words("太长[，最多 {limit}]。", "This is too long[; at most {limit}]."),
    "too_short": Words("太短[，至少 {limit}]。", "This is too short[; at least {limit}]."),
    "not_one_of": Words("不是可选的值[：{options}]。", "This is not one of the values allowed[: {options}]."),
    "only_one": Words("这几项只能给出一项[：{options}]。", "Give only one of these[: {options}]."),
    "too_many_lines": Words(
        "行数太多[，最多 {limit} 行]。请缩短期间，或改用 CSV。",
        "There are too many lines[; at most {limit}]. Ask for fewer days, or for CSV.",
    ),
    "malformed_id": Words("编号的写法不对[，应以 {prefix}_ 开头]。", "This id is not written right[; it begins with {prefix}_]."),
    "malformed_time": Words(
        "时间须为带时区的 RFC 3339 写法，如 2025-03-01T10:00:00+08:00。",
        "A time is written as in RFC 3339 with its offset, such as 2025-03-01T10:00:00+08:00.",
    ),
    "malformed_date": Words("日期须写作 2025-03-01。", "A date is written like 2025-03-01."),
    "malformed_text": Words("文字里有不能保存的字符。", "The text holds characters that cannot be stored."),
    "malformed_phone": Words(
        "电话号码的写法不对，请填手机号或带区号的座机号。", "This is not a phone number; give a mobile, or a landline with area code."
    ),
    "name_without_phone": Words(
        "姓名要和电话一起登记；没留电话的，请只写概况，不写姓名。",
        "A name is kept with its phone only; where no number was left, leave the name out.",
    ),
    "malformed": Words("填写不对。", "This is not right."),
}

FIELDS: Final[dict[str, Words]] = {
    "floor": Words("楼层", "floor"),
    "area": Words("面积", "area"),
    "area_m2": Words("面积", "area"),
    "orientation": Words("朝向", "orientation"),
    "price": Words("价格", "price"),
    "phone": Words("电话", "phone"),
    "needs": Words("特殊需求", "special needs"),
    "name": Words("姓名", "name"),
    "community": Words("小区", "community"),
    "building": Words("栋", "building"),
    "unit": Words("单元", "unit"),
    "room": Words("房号", "room"),
    "owner_phone": Words("业主电话", "owner's phone"),
    "bedrooms": Words("居室", "bedrooms"),
    "title_certificate": Words("产权证", "title certificate"),
    "decoration": Words("装修", "decoration"),
    "text": Words("内容", "text"),
    "came_at": Words("到店（来电）时间", "when they came"),
    "left_at": Words("离店时间", "when they left"),
    "companions": Words("随行人员", "companions"),
    "wish": Words("需求", "wish"),
    "source": Words("信息来源", "source"),
    "summary": Words("沟通概况", "summary"),
    "agent": Words("经纪人", "agent"),
    "on": Words("日期", "day"),
    "what": Words("事项", "what for"),
    "chosen": Words("客户另选了什么", "what was chosen instead"),
    "listing": Words("房源", "listing"),
    "client": Words("客源", "client"),
    "closers": Words("成交人", "closers"),
    "senior": Words("资深经纪人", "senior"),
    "maintainer": Words("代维护人", "maintainer"),
    "person": Words("人员", "person"),
    "to": Words("归属或收款方", "holder or payee"),
    "for": Words("录入人", "the agent it is entered for"),
    "lines": Words("分成行", "lines"),
    "signer": Words("签约人", "signer"),
    "company": Words("公司", "company"),
    "pack": Words("制度包", "pack"),
    "follow_up": Words("跟进", "follow-up"),
    "reason": Words("理由", "reason"),
    "deal": Words("成交", "deal"),
    "against": Words("被投诉人", "whom it is complained of"),
    "number": Words("序号", "number"),
    "from": Words("起始日期", "first day"),
    "evidence": Words("证据", "evidence"),
    "rests_on": Words("裁决依据", "what the ruling rests on"),
}

VIOLATIONS: Final[dict[str, Words]] = {
    "late_entry": Words("录入超时", "late entry"),
    "agent_phone_as_owner": Words("以员工电话充当业主电话", "an employee's phone as the owner's"),
    "duplicate_entry": Words("恶意重复录入", "deliberate duplicate"),
    "canned_follow_up": Words("套话跟进", "canned follow-up"),
    "private_dealing": Words("私单", "private dealing"),
    "hoarding": Words("捂盘", "hoarding"),
    "leak": Words("泄露内部信息", "giving out what is in the system"),
}

NOTES: Final[dict[str, Words]] = {
    "exclusive_on_rental": Words("租赁房源的独家不改变分成", "an exclusive on a rental changes nothing"),
    "undeclared_key": Words("钥匙未在跟进中说明，不计分成", "the key was not declared in a follow-up and earns nothing"),
    "undeclared_exclusive": Words("独家未在跟进中说明，不计分成", "the exclusive was not declared in a follow-up and changes nothing"),
    "by_analogy": Words("比照条款处理", "by analogy with the clause"),
    "bank_rebate": Words("含银行返佣，注意合规", "contains a bank rebate: mind compliance"),
    "unauthorised_signature": Words("签约人无授权", "signed without authority"),
}

# The states of a deal; those of a violation are below.
STATES: Final[dict[str, Words]] = {
    "signed": Words("已签约", "signed"),
    "reported": Words("已报成交", "reported"),
    "awaiting_evidence": Words("等待各方记录到齐", "awaiting evidence"),
    "settled": Words("已结算", "settled"),
    "blocked": Words("已冻结", "blocked"),
    "cancelled": Words("已撤销", "cancelled"),
}

ANSWERED: Final[dict[str, Words]] = {
    "proposed": Words("待处理", "proposed"),
    "confirmed": Words("已确认", "confirmed"),
    "dropped": Words("已撤销", "dropped"),
    "appealed": Words("申诉中", "appealed"),
    "upheld": Words("维持", "upheld"),
}

COMPLAINTS: Final[dict[str, Words]] = {
    "registered": Words("已登记", "registered"),
    "assigned": Words("已分派", "assigned"),
    "answered": Words("已答复", "answered"),
    "closed": Words("已结案", "closed"),
}

GRADINGS: Final[dict[str, Words]] = {
    "drafted": Words("待确认", "drafted"),
    "confirmed": Words("已确认", "confirmed"),
    "withdrawn": Words("已撤回", "withdrawn"),
}

GRADED: Final = Words(
    "{year}年度评级：{score}分，{of}人中第{rank}名[，同分{tied}人]；第{last}名以内为{grade}级[，{raised}人因同分取高一级]。",
    "Grading of {year}: a score of {score}, rank {rank} of {of}[, shared by {tied}]; places up to {last} are grade {grade}"
    "[, and by the tie {raised} more].",
)
"""Why a client has a grade (G-2)."""
LOWERED: Final = Words("{quarter}季度逾期付款，降为{grade}级。", "Late payments in {quarter} lowered it to {grade}.")
"""Why it is not that one any more (G-3)."""

# How a client's file was closed.
CLOSED: Final[dict[str, Words]] = {
    "given_up": Words("已战败", "given up"),
    "handed_over": Words("已交房", "handed over"),
}

# What a half-yearly check of files finds (K-9).
FINDINGS: Final[dict[str, Words]] = {
    "no_source": Words("缺信息来源", "no source"),
    "no_level": Words("缺意向级别", "no level"),
    "no_plan": Words("缺下次回访计划", "no plan"),
    "no_check": Words("缺主管审核", "no check by the manager"),
    "stale": Words("长期未联系", "stale"),
    "duplicate": Words("重户", "a duplicate"),
}

ROLES: Final[dict[str, Words]] = {
    "agent": Words("经纪人", "agent"),
    "store_manager": Words("店长", "store manager"),
    "area_manager": Words("区域经理", "area manager"),
    "director": Words("总监", "director"),
    "general_manager": Words("总经理", "general manager"),
    "legal_representative": Words("法定代表人", "legal representative"),
    "legal": Words("法务", "legal"),
    "finance": Words("财务", "finance"),
    "personnel": Words("人事", "personnel"),
    "service_manager": Words("客服经理", "service manager"),
    "auditor": Words("审计", "auditor"),
    "administrator": Words("系统管理员", "administrator"),
    "hq": Words("总部", "head office"),
}

DUPLICATE_CLIENT: Final = Words("重户：同一客户的第{number}次重复录入", "Duplicate {number} of a client who was entered before")
"""The remark that a duplicate carries (A-2.5)."""

# Whose it is to do.
WHOSE: Final[dict[str, Words]] = {
    "own": Words("归属人、录入人、当事人或其上级", "whoever holds it, recorded it or is party to it, and those above them"),
    "below": Words("所管门店或区域的经理", "those who manage that store or area"),
    "concerned": Words("当事人本人", "whom it concerns, and nobody in their name"),
    "in_post": Words("在职人员", "those who are in post"),
}

# What a field is expected to hold.
EXPECTED: Final[dict[str, Words]] = {
    "string": Words("文字", "a text"),
    "int": Words("整数", "a whole number"),
    "decimal": Words("数字", "a number"),
    "float": Words("数字", "a number"),
    "bool": Words("是或否", "true or false"),
    "list": Words("列表", "a list"),
    "tuple": Words("列表", "a list"),
    "dict": Words("对象", "an object"),
    "model": Words("对象", "an object"),
}

LABELS: Final[dict[str, Words]] = VIOLATIONS | NOTES | STATES | GRADINGS | ANSWERED | COMPLAINTS | ROLES | CLOSED | FINDINGS
_LABELLED: Final[dict[str, dict[str, Words]]] = {
    "missing": FIELDS,
    "field": FIELDS,
    "state": LABELS,
    "kind": VIOLATIONS,
    "status": LABELS,
    "finding": FINDINGS,
    "role": LABELS,
    "beside": LABELS,
    "whose": WHOSE,
    "expected": EXPECTED,
}
"""Facts whose values have a name in both languages."""
