"""What more than one service refuses: posts, references, packs, and what people are."""

from typing import Final

from shared.problems.problem import Problem, refusal

REFUSALS: Final[dict[str, Problem]] = {
    "forbidden": refusal(
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
    "conflict_of_interest": refusal(
        ("利益冲突，须回避", "You are a party to this"),
        (
            "您是当事人，或此前已提出、认定过这件事，不能由您来结算、裁定或认定。请由与此事无关的上级办理。",
            "You are a party to this, or have proposed or answered it before, so it is not yours to settle, rule on or confirm. "
            "Ask a manager who has no part in it.",
        ),
        ("当事人和提出人不得裁决自己的事。", "Nobody decides on what they are a party to or proposed themselves."),
        status=403,
    ),
    "unknown_reference": refusal(
        ("找不到所指的记录", "No such record"),
        (
            "找不到您所指的记录[（{field}）]：它不存在，或不属于您的公司。请核对编号后重试。",
            "The record you refer to[ ({field})] does not exist or is not your company's. Check the id and try again.",
        ),
    ),
    "follow_up_too_short": refusal(
        ("跟进内容太短", "The follow-up is too short"),
        (
            "跟进要有[至少 {characters_min} 个]有效字（标点和空格不算）[，现在只有 {characters} 个]。请写清楚沟通了什么、结果如何。",
            "A follow-up needs[ at least {characters_min}] characters of substance (blanks and punctuation do not count)"
            "[; this one has {characters}]. Say what was discussed and what came of it.",
        ),
        ("跟进须有[至少 {characters_min} 个字的]实质内容。", "A follow-up has substance[: at least {characters_min} characters]."),
    ),
    "follow_up_without_substance": refusal(
        ("跟进没有实质内容", "The follow-up says nothing"),
        (
            "去掉“看业主电话”一类套话后，跟进[只剩 {characters} 个有效字，]不够[ {characters_min} 个]。请写这次跟进本身的内容。",
            "Without phrases such as “see owner's phone”, too little[ ({characters} of {characters_min} characters)] is left of "
            "the text. Write what this follow-up was about.",
        ),
        ("套话不算跟进内容。", "Stock phrases do not count as a follow-up."),
    ),
    "contact_in_text": refusal(
        ("文字里有电话号码", "There is a phone number in the text"),
        (
            "文字里不能出现电话号码[（{field}）]。请删去号码，号码只填在电话栏里。",
            "No phone number may stand in a text[ ({field})]. Take it out; numbers belong in the phone field only.",
        ),
        ("跟进等文字中不得出现联系方式。", "No contact stands in a text."),
    ),
    "listing_draft": refusal(
        ("房源资料还不完整", "The listing is still a draft"),
        (
            "这条房源还是草稿，不能办这件事。请先补全小区、栋、单元、房号和业主真实电话[（还缺：{missing}）]。",
            "This listing is still a draft. Complete community, building, unit, room and the owner's real phone "
            "first[ (missing: {missing})].",
        ),
        ("只有正确的房源才能成交、带看和计分。", "Only a correct listing carries deals, viewings and shares."),
    ),
    "not_holder": refusal(
        ("您不是归属人", "You do not hold this"),
        (
            "只有归属人或录入人能办这件事[；现归属人是 {holder}]。请找归属人或您的店长。",
            "Only the holder or recorder may do this[; it is held by {holder} now]. Ask them or your store manager.",
        ),
        ("这件事由归属人或录入人办理。", "This is for the holder or the recorder."),
    ),
    "already_assigned": refusal(
        ("已经归属该账号", "It already stands there"),
        (
            "它已经归属[ {holder} ]这一方，不需要再次分配。要给别人的，请改填归属方。",
            "It is already held[ by {holder}]; there is nothing to reassign. If you meant someone else, name them.",
        ),
    ),
    "agent_phone_as_owner": refusal(
        ("业主电话是员工电话", "That phone is an employee's"),
        (
            "所填业主电话是在职员工的电话，不能作为业主电话，此次尝试已记录在案。请填写业主本人的真实电话。",
            "The owner's phone you gave is an employee's. The attempt is on record. Enter the owner's own real phone.",
        ),
        ("业主电话不得是经纪人的电话。", "The owner's phone must not be an agent's."),
    ),
    "not_reported": refusal(
        ("还没有成交报告", "The deal is not reported"),
        (
            "这笔成交还没有提交成交战报[（现为{state}）]。请先提交战报。",
            "No deal report was sent for this deal[ (it is {state})]. Report it first.",
        ),
    ),
    "cancelled": refusal(
        ("该成交已经撤销", "The deal is cancelled"),
        (
            "这笔成交已经撤销，不能再办理。请另行提交新的成交。",
            "This deal was cancelled; nothing more can be done with it. Report a new one.",
        ),
    ),
    "no_pack": refusal(
        ("没有生效的分配制度", "No policy pack is in force"),
        (
            "[{store} 店在 {at} ]没有生效的分配制度，系统不会猜测。请总经理先启用制度包。",
            "No policy pack is in force[ for store {store} at {at}], and none is guessed. Ask the general manager to activate one first.",
        ),
    ),
    "pack_invalid": refusal(
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
    "date_is_to_come": refusal(
        ("时间还没有到", "That is still to come"),
        ("所填时间[ {day} ]还没有到。请填已经发生的时间。", "The time you gave[, {day},] is still to come. Give when it happened."),
    ),
    "has_left": refusal(
        ("该员工已离职", "That person has left"),
        (
            "该员工已经离职，不能再办理其人事事项。如重新入职，请按新员工办理。",
            "That person has already left; their post cannot be changed any more. Who comes back joins anew.",
        ),
    ),
    "leave_ends_before_it_begins": refusal(
        ("假期起止日期颠倒", "The leave ends before it begins"),
        (
            "假期的截止日期[ {last} ]早于开始日期[ {first}]。请核对日期。",
            "The leave's last day[ {last}] lies before its first[ {first}]. Check the dates.",
        ),
    ),
    "own_maintainer": refusal(
        ("不能由本人代维护", "Nobody keeps their own listings up while on leave"),
        (
            "休假人不能做自己的代维护人。请改填一位在职同事，或先不填。",
            "Who is on leave cannot be their own maintainer. Name a colleague in post, or nobody for now.",
        ),
        ("休假期间房源由另一位维护人跟进。", "During a leave somebody else keeps the listings up."),
    ),
    "leave_needs_no_approval": refusal(
        ("这次请假不需要人事批准", "This leave needs no approval"),
        (
            "请假不超过[ {days} 天]的由主管批准即可，不需要人事批准。请核对起止日期。",
            "A leave of no more than[ {days} days] is the manager's alone; personnel need not approve it. Check its dates.",
        ),
        ("请假超过[ {days} 天]的还须人事批准。", "A leave of more than[ {days} days] is approved by personnel as well."),
    ),
}
