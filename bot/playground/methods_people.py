"""auth.test, apps.connections.open, users.*, usergroups.*."""

from bot.playground.calls import Call, Method, SlackError, page
from bot.playground.model import APP, BOT, BOT_USER, TEAM, TEAM_NAME, Json
from bot.playground.shapes import group_json, user_json


def auth_test(call: Call) -> Json:
    return {
        "url": f"{call.base.replace('127.0.0.1', 'localhost')}/",
        "team": TEAM_NAME,
        "user": call.world.users[BOT_USER].name,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
    }


def connections_open(call: Call) -> Json:
    return {"url": f"{call.base.replace('http', 'ws', 1)}/_socket?ticket={call.ticket()}&app_id={APP}"}


def users_info(call: Call) -> Json:
    user = call.world.users.get(call.args.required("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user_json(user)}


def users_list(call: Call) -> Json:
    some, metadata = page(list(call.world.users.values()), call.args, default=1000, most=1000)
    members = [user_json(user) for user in some]
    return {"members": members, "cache_ts": int(call.world.now()), "response_metadata": metadata}


def lookup_by_email(call: Call) -> Json:
    email = call.args.required("email").lower()
    user = next((user for user in call.world.users.values() if user.email == email), None)
    if user is None:
        raise SlackError("users_not_found")
    return {"user": user_json(user)}


def groups_list(call: Call) -> Json:
    users, count = call.args.flag("include_users"), call.args.flag("include_count")
    return {"usergroups": [group_json(group, users=users, count=count) for group in call.world.groups.values()]}


def groups_users(call: Call) -> Json:
    group = call.world.groups.get(call.args.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "apps.connections.open": connections_open,
    "users.info": users_info,
    "users.list": users_list,
    "users.lookupByEmail": lookup_by_email,
    "usergroups.list": groups_list,
    "usergroups.users.list": groups_users,
}
