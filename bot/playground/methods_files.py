"""Uploading files in Slack's three steps: an URL, the bytes, and the completion that shows them in a channel.

https://docs.slack.dev/messaging/working-with-files#upload
"""

import secrets

from bot.playground.calls import Call, Method, SlackError
from bot.playground.methods_chat import read_blocks, read_thread, writable
from bot.playground.model import BOT_USER, File, Json, Message
from bot.playground.shapes import file_json

MOST_BYTES = 50_000_000


def get_upload_url(call: Call) -> Json:
    name, length = call.args.required("filename"), call.args.required("length")
    if not length.isdigit() or not 0 < int(length) <= MOST_BYTES:
        raise SlackError("invalid_arguments", ["invalid `length`"])
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in name)[:100]
    file = File(f"F{secrets.token_hex(6).upper()}", safe, name, int(length), int(call.world.now()))
    call.world.save(file)
    return {"upload_url": f"{call.base}/_upload/{file.id}", "file_id": file.id}


def complete_upload(call: Call) -> Json:
    listed = call.args.json("files", "invalid_arguments")
    if not isinstance(listed, list) or not listed:
        raise SlackError("invalid_arguments", ["missing required field: files"])
    files = [_uploaded(call, item) for item in listed]
    if where := call.args.text("channel_id"):
        _share(call, where, files)
    for file, item in zip(files, listed, strict=True):
        file.done, file.title = True, str(item.get("title") or file.title)
        call.world.save(file)
    return {"files": [file_json(file) for file in files]}


def _uploaded(call: Call, item: object) -> File:
    file = call.world.files.get(str(item.get("id"))) if isinstance(item, dict) else None
    if file is None or not file.uploaded or file.done:
        raise SlackError("file_not_found")
    return file


def _share(call: Call, where: str, files: list[File]) -> None:
    channel = writable(call.world, where)
    blocks, thread = read_blocks(call.args), read_thread(call, channel)
    text = call.args.text("initial_comment")
    keys = [file.id for file in files]
    ts = call.world.next_ts()
    call.world.save(Message(channel.id, ts, BOT_USER, text, blocks, thread_ts=thread, by_app=True, files=keys))


METHODS: dict[str, Method] = {
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete_upload,
}
