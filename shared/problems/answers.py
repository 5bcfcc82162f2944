"""What is answered to a request that is not answered as asked, whatever a clause says; and what can be wrong with one of its fields."""

from typing import Final

from shared.problems.problem import Problem, answered
from shared.problems.words import Words

ANSWERS: Final[dict[str, Problem]] = {
    "malformed_json": answered(
        400,
        ("无法读取请求内容", "The body cannot be read"),
        (
            "请求内容不是合格的 JSON[（{reason}）]。请检查后重发；同名字段、NaN、Infinity 和过深的嵌套都不接受。",
            "The body is not acceptable JSON[ ({reason})]. Check it and send again; duplicate keys, NaN, Infinity and "
            "very deep nesting are refused.",
        ),
    ),
    "malformed_header": answered(
        400,
        ("请求头无法读取", "A header cannot be read"),
        (
            "请求头[ {header} ]的写法不对。请按接口说明改正。",
            "The header[ {header}] is not written as the API asks. Correct it as the documentation says.",
        ),
    ),
    "bad_request": answered(
        400,
        ("请求无法读取", "The request cannot be read"),
        (
            "请求的写法不对，服务无法读取。请按接口说明改正后重发。",
            "The request is not written in a way that the service can read. Correct it as the documentation says and send again.",
        ),
    ),
    "idempotency_key_missing": answered(
        400,
        ("缺少 Idempotency-Key", "Idempotency-Key is missing"),
        (
            "每个 POST 请求都要带 Idempotency-Key（1 到 255 个可见 ASCII 字符）。重发时用同一个，以免重复办理。",
            "Every POST carries an Idempotency-Key (1 to 255 visible ASCII characters); use the same one when sending "
            "again, so that nothing is done twice.",
        ),
    ),
    "unauthenticated": answered(
        401,
        ("请先登录", "Sign in first"),
        ("没有有效的登录凭证。请重新登录后再试。", "There is no valid token with this request. Sign in again and retry."),
    ),
    "not_found": answered(
        404, ("没有这个地址", "There is nothing here"), ("没有这个地址。请核对路径。", "There is nothing at this address. Check the path.")
    ),
    "method_not_allowed": answered(
        405,
        ("不支持这种请求方式", "Method not allowed"),
        ("这个地址不支持该请求方式。允许的方式见 Allow 头。", "This address does not take that method; see the Allow header."),
    ),
    "not_acceptable": answered(
        406,
        ("无法提供该格式", "Not acceptable"),
        (
            "服务不能以所要求的格式回答。请改用 application/json。",
            "The service cannot answer in the format asked for. Ask for application/json.",
        ),
    ),
    "slow_body": answered(
        408,
        ("请求内容到得太慢", "The body came too slowly"),
        ("请求内容没有及时收齐。请检查网络后重发。", "The body did not arrive in time. Check the connection and send again."),
    ),
    "conflict": answered(
        409,
        ("与别的操作冲突", "Somebody else was there first"),
        (
            "同一条记录同时有人在改，或这个编号已有记录，什么也没有写入。请重新读取；重发同一请求请用原来的 Idempotency-Key。",
            "Others were changing the same record, or the id has a record already; nothing was written. Read it again; to repeat "
            "a request, send it with its own Idempotency-Key.",
        ),
    ),
    "version_changed": answered(
        412,
        ("记录已被改动", "The record has changed"),
        (
            "您看到之后，这条记录已被改动[：{by} 于 {recorded_at} 改动]，现为版本 {version}。请重新读取后再办。",
            "Since you read it, this record was changed[ by {by}, {recorded_at}]; it is at version {version} now. "
            "Read it again, then decide.",
        ),
    ),
    "body_too_large": answered(
        413,
        ("请求内容太大", "The body is too large"),
        (
            "请求内容超过上限[ {limit_bytes} 字节]。请缩小后重发。",
            "The body is larger than allowed[ ({limit_bytes} bytes)]. Send less at once.",
        ),
    ),
    "unsupported_file_type": answered(
        415,
        ("文件格式不支持", "Unsupported type of file"),
        (
            "这里只收这些格式的文件[：{types}]。请换一种格式，并在 Content-Type 里写明。",
            "Only files of these types are taken here[: {types}]. Use one of them, and say so in Content-Type.",
        ),
    ),
    "no_photo": answered(
        422,
        ("这不是一张完整的照片", "This is no whole photo"),
        (
            "文件读不出一张完整的照片[（{media_type}）]。可能没有传完，或格式与声明不符。请重新上传，什么也没有写入。",
            "The file cannot be read as a whole photo[ ({media_type})]. It may have been cut off, or be of another type than it says. "
            "Upload it again; nothing was written.",
        ),
    ),
    "photo_too_small": answered(
        422,
        ("照片太小", "The photo is too small"),
        (
            "照片的短边不足[ {side_min} 像素]，看不清房子。请上传原图。",
            "The photo's shorter side has fewer than[ {side_min} pixels,] what it takes to see a home. Upload the original.",
        ),
    ),
    "photo_too_large": answered(
        422,
        ("照片像素太多", "The photo has too many pixels"),
        (
            "照片超过[ {pixels_max} ]像素上限。请缩小后上传。",
            "The photo has more pixels than are taken[ ({pixels_max})]. Scale it down and upload it again.",
        ),
    ),
    "photo_damaged": answered(
        503,
        ("照片与登记不符", "The photo is not what was recorded"),
        (
            "存档的照片与登记的指纹不符或已丢失，因此不予显示。请告知管理员核查备份。",
            "The stored photo is gone or does not match its recorded fingerprint, so it is not shown. Tell your administrator to look "
            "at the backups.",
        ),
    ),
    "no_exhibit": answered(
        422,
        ("这不是一份完整的证据文件", "This is no whole file"),
        (
            "文件读不出完整的图片或 PDF[（{media_type}）]。可能没有传完，或格式与声明不符。请重新上传，什么也没有写入。",
            "The file cannot be read as a whole picture or PDF[ ({media_type})]. It may have been cut off, or be of another type than it "
            "says. Upload it again; nothing was written.",
        ),
    ),
    "exhibit_too_large": answered(
        422,
        ("图片像素太多", "The picture has too many pixels"),
        (
            "图片超过[ {pixels_max} ]像素上限。请缩小后上传。",
            "The picture has more pixels than are taken[ ({pixels_max})]. Scale it down and upload it again.",
        ),
    ),
    "exhibit_damaged": answered(
        503,
        ("证据文件与登记不符", "The file is not what was recorded"),
        (
            "存档的证据文件与登记的指纹不符或已丢失，因此不予显示。请告知管理员核查备份。",
            "The stored file is gone or does not match its recorded fingerprint, so it is not shown. Tell your administrator to look at "
            "the backups.",
        ),
    ),
    "uri_too_long": answered(
        414, ("地址太长", "The address is too long"), ("请求地址太长。请核对参数。", "The address is too long. Check its parameters.")
    ),
    "unsupported_media_type": answered(
        415,
        ("内容格式不支持", "Unsupported media type"),
        (
            "请求内容须为 application/json（UTF-8，不压缩）。请改正 Content-Type 后重发。",
            "The body must be application/json (UTF-8, not compressed). Correct the Content-Type and send again.",
        ),
    ),
    "invalid_request": answered(
        422,
        ("有字段填写不对", "Some fields are not right"),
        (
            "请求里有 {count} 处填写不对，见 errors。改正后重发，什么也没有写入。",
            "{count} thing(s) in the request are not right, see errors. Correct them and send again; nothing was written.",
        ),
    ),
    "idempotency_key_reused": answered(
        422,
        ("Idempotency-Key 已用于别的请求", "This Idempotency-Key belongs to another request"),
        (
            "同一个 Idempotency-Key 已用于内容不同的请求。新的操作请换一个新的键。",
            "This Idempotency-Key was used for a different request. Use a new key for a new act.",
        ),
    ),
    "bad_cursor": answered(
        422,
        ("翻页游标无效", "The cursor is not valid"),
        (
            "翻页游标无效或不属于这个查询。请从第一页重新开始。",
            "The cursor is not one of ours for this query. Start again from the first page.",
        ),
    ),
    "precondition_required": answered(
        428,
        ("需要 If-Match", "If-Match is required"),
        ("这项操作需要 If-Match。请先读取记录，带上它的 ETag。", "This act needs If-Match. Read the record first and send its ETag."),
    ),
    "too_many_statements": answered(
        429,
        ("等待制作的对账单太多", "You wait for too many statements"),
        (
            "您已有[ {at_most} ]份对账单正在制作。请等其中一份做好、取走之后再要，或缩短期间。",
            "So many statements are being made for you already[ ({at_most})]. Wait until one of them is there, or ask for fewer days.",
        ),
    ),
    "statement_not_made": answered(
        503,
        ("这份对账单没有做成", "This statement could not be made"),
        (
            "这份对账单多次制作都没有成功。请重新请求一次；仍然不成的，请告知管理员，并缩短期间。",
            "This statement was begun several times and never finished. Ask for it anew; if it fails again, tell your administrator, and "
            "ask for fewer days.",
        ),
    ),
    "too_many_requests": answered(
        429,
        ("请求太频繁", "Too many requests"),
        ("请求太频繁。请按 Retry-After 稍候再试。", "Too many requests. Wait as Retry-After says and try again."),
    ),
    "headers_too_large": answered(
        431,
        ("请求头太大", "The headers are too large"),
        (
            "请求头超过上限[ {limit_bytes} 字节]。请减少请求头后重发。",
            "The headers are larger than allowed[ ({limit_bytes} bytes)]. Send fewer or shorter ones.",
        ),
    ),
    "internal": answered(
        500,
        ("系统出错了", "Something is wrong on our side"),
        (
            "系统内部出错，已经记录。请用同一个 Idempotency-Key 重发；仍不行请把 request_id 告诉管理员。",
            "Something went wrong on our side and is on record. Send again with the same Idempotency-Key; if it "
            "stays, give the request_id to your administrator.",
        ),
    ),
    "not_yet_heard": answered(
        503,
        ("数据还在路上", "Not heard yet"),
        (
            "这里还没有收到您要求的前序数据[（{source}，位置 {position}）]。请按 Retry-After 稍候重发。",
            "What you asked to be seen first[ ({source}, position {position})] has not arrived here yet. Send again as Retry-After says.",
        ),
    ),
    "unavailable": answered(
        503,
        ("服务暂时不可用", "The service is unavailable"),
        (
            "服务暂时不可用。请按 Retry-After 稍候用同一个 Idempotency-Key 重发。",
            "The service is unavailable for the moment. Send again as Retry-After says, with the same Idempotency-Key.",
        ),
    ),
    "storage_full": answered(
        503,
        ("存储空间已满", "Storage is full"),
        (
            "存储空间已满，暂时不能写入；查询照常。请通知管理员。",
            "Storage is full: nothing can be written for now, reading goes on. Tell your administrator.",
        ),
    ),
    "not_ready": answered(
        503,
        ("服务尚未就绪", "The service is not ready"),
        ("服务尚未就绪。请稍候再试。", "The service is not ready yet. Try again in a moment."),
    ),
}

# What can be wrong with one field of a request: the `code` of an item of `errors`.
FIELD_ERRORS: Final[dict[str, Words]] = {
    "missing": Words("缺少这一项，请补上。", "This is missing; add it."),
    "unknown_field": Words("没有这个字段，请去掉或核对名称。", "There is no such field; leave it out, or check its name."),
    "unknown_parameter": Words(
        "这里没有这个查询参数，请去掉或核对名称[；可用的：{options}]。",
        "There is no such parameter here; leave it out, or check its name[; there are: {options}].",
    ),
    "given_twice": Words("这个查询参数只能给出一次。", "This parameter can be given only once."),
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
    "year_out_of_range": Words(
        "年份超出范围[，须在 {first} 到 {last} 之间]。", "The year is out of range[; it lies between {first} and {last}]."
    ),
    "ends_before_it_begins": Words("结束早于开始，请核对起止日期。", "The end lies before the beginning; check both days."),
    "malformed_date": Words("日期须写作 2025-03-01。", "A date is written like 2025-03-01."),
    "malformed_text": Words("文字里有不能保存的字符。", "The text holds characters that cannot be stored."),
    "malformed_phone": Words(
        "电话号码的写法不对，请填手机号或带区号的座机号。", "This is not a phone number; give a mobile, or a landline with area code."
    ),
    "name_without_phone": Words(
        "姓名要和电话一起登记；没留电话的，请只写概况，不写姓名。",
        "A name is kept with its phone only; where no number was left, leave the name out.",
    ),
    "malformed": Words("填写不对[，应写成 {form} 这样]。", "This is not right[; it is written like {form}]."),
}
