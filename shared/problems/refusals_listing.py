"""What the listing service refuses, said to the agent."""

from typing import Final

from shared.problems.problem import Problem, refusal

REFUSALS: Final[dict[str, Problem]] = {
    "duplicate_listing": refusal(
        ("房源已存在", "This room is already entered"),
        (
            "这套房已有正确录入的房源[（{original}，录入时间 {first_at}）]。请在原房源上跟进，不要重复录入。",
            "This room already has a correct entry[ ({original}, recorded {first_at})]. Follow up on that one "
            "instead of entering it again.",
        ),
        ("同一套房以最先正确录入的为准。", "The first correct entry of a room is the original."),
    ),
    "photo_uploaded_already": refusal(
        ("这张照片已上传过", "This photo is there already"),
        (
            "同一张照片这条房源已有[：{first}，由 {by} 上传]。请直接使用，或拍一张新的。",
            "The listing has this very photo[: {first}, uploaded by {by}]. Use that one, or take another.",
        ),
        ("实勘照片须是自己拍的、不重复的。", "A survey's photos are one's own and different ones."),
    ),
    "too_many_photos": refusal(
        ("照片太多", "Too many photos"),
        (
            "一条房源最多存[ {at_most} ]张照片。请用已上传的照片。",
            "One listing takes[ {at_most}] photos at most. Use those that are there.",
        ),
        ("实勘只需几张清楚的照片。", "A survey takes a few clear photos."),
    ),
    "photo_named_twice": refusal(
        ("同一张照片列了两次", "A photo is named twice"),
        ("实勘里同一张照片列了两次。请每张只列一次。", "The survey names a photo twice. Name each once."),
        ("实勘按张数计算，一张只算一次。", "A survey is counted by photos, each once."),
    ),
    "photo_of_another": refusal(
        ("照片是别人上传的", "Somebody else uploaded the photo"),
        (
            "这张照片[由 {by} ]上传，不能算作您的实勘。请用自己上传的照片。",
            "This photo was uploaded by somebody else[: {by}]; it is not your survey. Use photos that you uploaded.",
        ),
        ("实勘和户型图的分成归亲自做的人。", "A survey's and a plan's part is for who did the work."),
    ),
    "concealment_limit": refusal(
        ("加密名额已用完", "No place left for concealment"),
        (
            "您同时加密的房源已达上限[ {at_most} 套]。请先公开一套再加密这一套。",
            "You already conceal as many listings as you may[ ({at_most})]. Reveal one first, then conceal this one.",
        ),
        ("每人同时加密的房源有上限[：{at_most} 套]。", "Each agent conceals a limited number of listings at a time[: {at_most}]."),
    ),
    "key_not_held": refusal(
        ("您手上没有这把钥匙", "You hold no key of this listing"),
        (
            "系统里没有您持有这套房源钥匙的记录，不能归还。请核对房源，或由实际持有人归还。",
            "There is no record that you hold this listing's key, so you cannot return it. Check the listing, or have "
            "its keeper return it.",
        ),
    ),
}
