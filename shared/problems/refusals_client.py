"""What the client service refuses, said to the agent."""

from typing import Final

from shared.problems.problem import Problem, refusal

REFUSALS: Final[dict[str, Problem]] = {
    "client_incomplete": refusal(
        ("客源资料不全", "Client details are missing"),
        (
            "客源须填写楼层、面积、朝向、价格、电话和特殊需求（没有也请写“无”）才算录入[；还缺：{missing}]。补齐后再提交。",
            "A client counts as entered only with floor, area, orientation, price, phone and special needs (“none” is "
            "an answer)[; missing: {missing}]. "
            "Fill these in and send again.",
        ),
        ("资料齐全的客源才算录入。", "A client counts as entered only when these are all there."),
    ),
    "form_already_used": refusal(
        ("看房确认单号已用过", "This viewing form was used before"),
        (
            "这个看房确认单号已经登记过[，登记人 {by}][，{first_at}]。每张确认单只能用一次，请核对单号。",
            "This viewing form number is already on record[, by {by}][, {first_at}]. Each form serves once; check the number.",
        ),
        ("一张看房确认单只能登记一次。", "A form number serves once."),
    ),
    "not_claimable": refusal(
        ("现在不能认领", "It cannot be claimed"),
        (
            "这条记录不在您本组或公司的公共账号上[（现归属 {holder}）]，不能认领。请先查看它的归属人和状态。",
            "It does not stand on your own team's or the company's account[ (held by {holder})], so it cannot be "
            "claimed. Look up its holder and state first.",
        ),
        ("只有在本组或公司公共账号上的公盘可以认领。", "Only what stands on one's own team's account or the company's can be claimed."),
    ),
    "visit_incomplete": refusal(
        ("来访（来电）登记不全", "The visit is not fully registered"),
        (
            "来访、来电都要登记时间、随行人员（没有也请写“无”）、需求、来源、沟通概况和接待人，没留姓名电话的也一样[；还缺：{missing}]。补齐后再提交。",
            "A visit or call is registered with when, with whom (“nobody” is an answer), the wish, the source, what was said and "
            "the agent; no name or number is needed[; missing: {missing}]. Fill these in and send again.",
        ),
        ("每次来访、来电都要登记，没有留下姓名电话的也一样。", "Every visit and call is registered, also without a name or a number."),
    ),
    "no_reply_wanted": refusal(
        ("没有需要答复的问题", "There is nothing to answer"),
        (
            "这次来访（来电）登记时没有要求答复。联系情况请写在客源的跟进里。",
            "Nothing was asked that waits for an answer. Write contacts down as follow-ups on the client.",
        ),
    ),
    "already_replied": refusal(
        ("已经答复过", "It was answered before"),
        (
            "这项询问已有答复[，答复人 {by}][，{first_at}]。之后的联系请写在客源的跟进里。",
            "This enquiry was answered before[, by {by}][, {first_at}]. Write later contacts down as follow-ups on the client.",
        ),
        ("询问只答复一次，按时限计。", "An enquiry is answered once, within its hours."),
    ),
    "already_linked": refusal(
        ("已经关联客源", "It belongs to a client already"),
        (
            "这次来访（来电）已经关联客源[ {client}]，不能再关联另一个。请核对编号。",
            "This visit belongs to a client already[ ({client})] and to one only. Check the id.",
        ),
    ),
    "plan_incomplete": refusal(
        ("回访计划不全", "The plan is not complete"),
        (
            "下次回访要写明日期和要做什么[；还缺：{missing}]。补齐后再提交。",
            "A plan says on which day the next contact is and what for[; missing: {missing}]. Fill these in and send again.",
        ),
        ("客户档案要有下次回访计划。", "A client's file has a plan for the next contact."),
    ),
    "date_is_past": refusal(
        ("日期已过", "That day is over"),
        ("所填日期[ {day} ]已经过去。请填今天或以后的日期。", "The day you gave[, {day},] is over. Give today or a later day."),
    ),
    "file_closed": refusal(
        ("客户档案已关闭", "The file is closed"),
        (
            "这个客户[（{state}）]已不再跟进，不能办理这件事。客户又有需求的，请先重新打开档案。",
            "This client is not worked any more[ ({state})]. If they want something again, reopen the file first.",
        ),
    ),
    "nothing_to_hand_over": refusal(
        ("还没有可交房的成交", "There is nothing to hand over"),
        (
            "客户名下没有成交，不能登记交房。请先提交成交战报。",
            "No deal of this client stands, so no home can be handed over. Report the deal first.",
        ),
        ("签约后继续跟进，直到交房。", "Follow-up goes on after signing until handover."),
    ),
    "loss_report_incomplete": refusal(
        ("战败申请填写不全", "The loss report is not complete"),
        (
            "战败申请要写明日期、原因和客户另选了什么（没有另选也请写“无”）[；还缺：{missing}]。补齐后再提交。",
            "A loss report says on which day, why, and what the client chose instead (“nothing” is an answer)[; missing: {missing}]. "
            "Fill these in and send again.",
        ),
        ("放弃客户只凭主管批准的战败申请。", "A client is given up by a loss report alone, which the manager accepts."),
    ),
    "loss_already_reported": refusal(
        ("战败申请已提交", "The loss is reported already"),
        (
            "这个客户已有待批的战败申请[，申请人 {by}][，{first_at}]。请等主管批复，期间照常跟进。",
            "A loss report on this client waits for the manager[, by {by}][, {first_at}]. Until it is answered keep following up.",
        ),
    ),
    "no_loss_report": refusal(
        ("没有待批的战败申请", "No loss report waits"),
        (
            "这个客户没有等待批复的战败申请。请先由归属人提交。",
            "No loss report on this client waits for an answer. Its holder reports the loss first.",
        ),
        ("放弃客户只凭主管批准的战败申请。", "A client is given up by a loss report alone, which the manager accepts."),
    ),
    "deal_stands": refusal(
        ("客户名下还有成交", "A deal with this client stands"),
        (
            "客户名下有成交[ {deal}]，不能作战败处理。成交不算数的，请先撤销成交。",
            "A deal with this client stands[ ({deal})], so they are not lost. If it came to nothing, have it cancelled first.",
        ),
    ),
    "nobody_left": refusal(
        ("没有需要告知的接替", "There is no successor to tell of"),
        (
            "这个客户的负责人没有离职，或已经告知过客户。不必再办理，请照常跟进。",
            "Nobody in charge of this client has left, or the client was told already. Nothing is to be done; follow up as usual.",
        ),
        ("负责人离职时要告知客户并指定接替人。", "When the agent in charge leaves, the client is told and a successor named."),
    ),
    "no_successor": refusal(
        ("还没有指定接替人", "No successor is named yet"),
        (
            "原负责人[ {person} ]已离职，客户还没有接替人。请店长先把客户分配给在职经纪人，再告知客户。",
            "The agent in charge[, {person},] has left and nobody has taken over. Have the store manager reassign the client first, "
            "then tell them.",
        ),
        ("负责人离职时要告知客户并指定接替人。", "When the agent in charge leaves, the client is told and a successor named."),
    ),
    "finding_not_open": refusal(
        ("没有这项待整改", "This finding is not open"),
        (
            "半年检查没有发现这一项[（{finding}）]，或已经整改、已经放行。请重新查看检查结果。",
            "The half-yearly check did not find this[ ({finding})], or it was put right or excused since. Look at its findings again.",
        ),
        ("客户档案每半年检查一次，发现的问题逐项整改。", "Files are checked each half year, and findings are worked off."),
    ),
    "year_not_over": refusal(
        ("这一年还没有过完", "That year is not over"),
        (
            "[{year} 年]还没有过完，全年数据要到次年1月1日起才能填报和评级。请到时再办。",
            "The year[ {year}] is not over; its figures can be entered and graded from 1 January of the next. Come back then.",
        ),
        ("客户每年按上一年度的数据评级一次。", "Clients are graded yearly, on last year's figures."),
    ),
    "grading_outside_its_year": refusal(
        ("生效日期不在评级年度内", "Not within the year that is graded"),
        (
            "[{year} 年度]评级须在当年内生效，也不能从已经过去的日子起生效。请改选今天或以后、当年以内的日期。",
            "A grading[ for {year}] takes effect within its year, and on no day that is over. Choose today or a later day of that year.",
        ),
        ("评级自确定的日期起生效，不溯及以往。", "A grade holds from a date, and never for the past."),
    ),
    "already_graded": refusal(
        ("这一年已经评过级", "That year has been graded"),
        (
            "[{year} 年度]评级已经确认[（{by}，{first_at}）]，一年只有一次。评错了的，请先撤回原评级再重新评。",
            "The grading[ for {year}] has been confirmed[ (by {by}, {first_at})]; there is one a year. If it is wrong, have it "
            "withdrawn, then grade anew.",
        ),
        ("每年只评级一次。", "Clients are graded once a year."),
    ),
    "grading_withdrawn": refusal(
        ("这次评级已经撤回", "This grading was withdrawn"),
        (
            "[{year} 年度]的这次评级已经撤回，不能再确认。请重新拟定一次。",
            "This grading[ for {year}] was withdrawn and cannot be confirmed. Draft another.",
        ),
    ),
    "nothing_to_grade": refusal(
        ("没有可评级的数据", "There are no figures to grade"),
        (
            "还没有任何客户填报[ {year} 年]的数据。请先由财务或客服经理填报。",
            "No client has figures[ of {year}] yet. Have finance or the service manager enter them first.",
        ),
        ("按加权指标计分，再按名次分级。", "Clients are ranked by the score of weighted indicators."),
    ),
    "figures_do_not_fit": refusal(
        ("填报的数据与指标不符", "The figures do not fit the indicators"),
        (
            "每项指标都要填一个整数，没有的填0，不能多填别的[；公司的指标：{indicators}][；有 {clients} 个客户不符]。请改正后重新提交。",
            "Each indicator takes one whole number, 0 where there is none, and nothing else counts[; the company's are: {indicators}]"
            "[; clients that do not fit: {clients}]. Correct them and send again.",
        ),
        ("计分指标及其权重由公司规定。", "The indicators and their weights are the company's."),
    ),
    "payment_not_late": refusal(
        ("这笔付款没有逾期", "That payment is not late"),
        (
            "付款日当天24时以前付款不算逾期[（付款日 {due}）]。请核对付款日和到账日。",
            "A payment is late only after 24:00 of the day on which it is due[ ({due})]. Check when it was due and when it came.",
        ),
        ("同一季度两次逾期付款，立即降一级。", "Two late payments in one quarter cost a grade at once."),
    ),
    "late_payment_already_recorded": refusal(
        ("这笔逾期已经登记", "This late payment is on record"),
        (
            "同一笔付款的逾期已经登记过[（{by}，{first_at}）]，不重复计算。登记有误的请先撤回。",
            "This late payment is on record already[ (by {by}, {first_at})] and counts once. If that is wrong, withdraw it first.",
        ),
        ("每笔付款只算一次逾期。", "Each payment is late once."),
    ),
    "complaint_untied": refusal(
        ("投诉没有对应的事项", "The complaint is tied to nothing"),
        (
            "投诉须对应一个客源、房源或成交，至少填一项。请补填编号后重新提交。",
            "A complaint is tied to a client, a listing or a deal, one of them at least. Name it and send again.",
        ),
        ("投诉登记时须与客户、房源或成交挂钩。", "A complaint is tied to its client, listing or deal."),
    ),
    "complaint_not_assigned": refusal(
        ("投诉还没有分派", "The complaint is assigned to nobody"),
        (
            "这件投诉还没有分派给任何人，不能答复。请先由客服经理或店长分派。",
            "Nobody has been given this complaint yet, so it cannot be answered. Have the service manager or store manager "
            "assign it first.",
        ),
        ("投诉先分派，再答复，后结案。", "A complaint is assigned, then answered, then closed."),
    ),
    "complaint_unanswered": refusal(
        ("投诉还没有答复", "The complaint is not answered"),
        (
            "这件投诉还没有答复[（现为{state}）]，不能结案。请先答复投诉人并记录。",
            "This complaint has not been answered[ (it is {state})] and cannot be closed. Answer it and put that on record first.",
        ),
        ("投诉先分派，再答复，后结案。", "A complaint is assigned, then answered, then closed."),
    ),
    "complaint_closed": refusal(
        ("投诉已经结案", "The complaint is closed"),
        (
            "这件投诉已经结案[（{by}，{first_at}）]。还有问题的，请先重新受理。",
            "This complaint was closed[ (by {by}, {first_at})]. If it is not over, reopen it first.",
        ),
    ),
    "complaint_not_closed": refusal(
        ("投诉还没有结案", "The complaint is still open"),
        (
            "这件投诉还在处理中[（现为{state}）]，不需要重新受理。请继续办理。",
            "This complaint is still open[ (it is {state})]; there is nothing to reopen. Go on with it.",
        ),
    ),
    "assignee_complained_of": refusal(
        ("不能交给被投诉人", "That person is complained of"),
        (
            "不能把投诉分派给被投诉人本人。请改派与此事无关的同事。",
            "A complaint is not given to whom it concerns. Assign it to a colleague who has no part in it.",
        ),
        ("被投诉人不得处理自己的投诉。", "Nobody deals with a complaint about themselves."),
    ),
}
