"""Buying in a staging's shop, by the requests that a browser sends: signing in, and ordering a mug."""

import aiohttp

LOOPBACK, PASSWORD, PRODUCT = "127.0.0.1", "octopus", "mug"
TOMBSTONE = "Octopod-Tombstone"
SECONDS = aiohttp.ClientTimeout(total=10)


class Shops:
    """`port`: the bot's, at which its stagings answer."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def order(self, staging: str, customer: str) -> str:
        """What became of it, in a sentence. `staging`: as it is called in its URL."""
        nothing = "Nothing was ordered."
        try:
            # The names of hosts are not asked for: everything is on this machine.
            async with aiohttp.ClientSession(timeout=SECONDS, headers={"Host": f"{staging}.localhost"}) as browser:
                signed_in, cookie, ours = await self._post(browser, "/login", {"name": customer, "password": PASSWORD})
                if ours:
                    return f"No shop answers as {staging} just now. /octopod list says which stagings there are."
                if signed_in != 303:
                    return f"The shop of {staging} lets nobody sign in: it answers {signed_in}. {nothing}"
                answer, _, _ = await self._post(browser, "/order", {"product": PRODUCT}, cookie)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return f"Nobody answers for {staging}: the bot is not running, or this is no name of a staging. {nothing}"
        return f"{customer} bought a mug at {staging}." if answer == 303 else f"It answers {answer}. {nothing}"

    async def _post(
        self, browser: aiohttp.ClientSession, path: str, form: dict[str, str], cookie: str = ""
    ) -> tuple[int, str, bool]:
        """The status, the cookie that came, and whether it was the bot itself that answered."""
        url, headers = f"http://{LOOPBACK}:{self._port}{path}", {"Cookie": cookie} if cookie else {}
        async with browser.post(url, data=form, headers=headers, allow_redirects=False) as answer:
            given = answer.headers.get("Set-Cookie", "").partition(";")[0]
            return answer.status, given, TOMBSTONE in answer.headers
