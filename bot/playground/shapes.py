"""What the workspace's things look like in Slack's JSON."""

from bot.playground.model import APP, BOT, BOT_USER, TEAM, Channel, File, Group, Json, Message, User
from bot.playground.world import World


def user_json(user: User) -> Json:
    profile = {
        "real_name": user.real_name,
        "display_name": user.name,
        "real_name_normalized": user.real_name,
        "display_name_normalized": user.name,
        "team": TEAM,
        **({"email": user.email} if user.email else {}),
        **({"bot_id": BOT, "api_app_id": APP} if user.id == BOT_USER else {}),
    }
    return {
        "id": user.id,
        "team_id": TEAM,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": False,
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "tz": "Etc/UTC",
        "tz_label": "Coordinated Universal Time",
        "tz_offset": 0,
        "profile": profile,
    }


def group_json(group: Group, *, users: bool, count: bool) -> Json:
    return {
        "id": group.id,
        "team_id": TEAM,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_delete": 0,
        **({"users": list(group.users)} if users else {}),
        **({"user_count": len(group.users)} if count else {}),
    }


def channel_json(channel: Channel) -> Json:
    common = {"id": channel.id, "created": channel.created, "is_archived": channel.archived, "is_org_shared": False}
    if channel.is_im:
        return {**common, "is_im": True, "is_channel": False, "user": channel.user, "is_user_deleted": False}
    return {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": False,
        "is_general": channel.name == "general",
        "is_member": BOT_USER in channel.members,
        "creator": "U03CAROL",
        "context_team_id": TEAM,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members),
    }


def message_json(world: World, message: Message, *, metadata: bool = False) -> Json:
    """As in histories and payloads. Metadata only on request, as Slack does."""
    made: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts, "team": TEAM}
    if message.deleted:
        made |= {"subtype": "tombstone", "hidden": True}
    if message.by_app:
        made |= {"bot_id": BOT, "app_id": APP}
    if message.thread_ts:
        made["thread_ts"] = message.thread_ts
        if message.broadcast:
            made["subtype"] = "thread_broadcast"
    for name in ("blocks", "attachments", "edited"):
        if value := getattr(message, name):
            made[name] = value
    if message.reactions:
        made["reactions"] = [{"name": k, "users": v, "count": len(v)} for k, v in message.reactions.items()]
    if message.files:
        made["files"] = [file_json(world.files[key]) for key in message.files if key in world.files]
    if metadata and message.metadata:
        made["metadata"] = message.metadata
    return made | _thread_json(world, message)


def _thread_json(world: World, message: Message) -> Json:
    """What a message with replies says about them."""
    replies = [] if message.thread_ts else world.replies(message.channel, message.ts)
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users[:5],
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def file_json(file: File) -> Json:
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": "text/plain" if file.name.endswith((".txt", ".log", ".diff")) else "application/octet-stream",
        "size": file.size,
        "mode": "hosted",
        "url_private": f"/_files/{file.id}/{file.name}",
        "permalink": f"/_files/{file.id}/{file.name}",
    }
