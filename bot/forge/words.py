"""What was heard, in a few words: for whoever sent it, and for the log."""

from bot.domain.hearsay import CiRun, Hearsay, ImagePushed, Merged, PullRequest, Pushed


def words(hearsay: Hearsay) -> str:
    match hearsay:
        case Pushed(branch, None):
            return f"{branch} was deleted"
        case Pushed(branch, commit):
            return f"{branch} is at {(commit or '')[:7]}"
        case Merged(branch):
            return f"{branch} was merged"
        case PullRequest():
            return f"#{hearsay.number} ({hearsay.branch} for {hearsay.base}) is {hearsay.state}"
        case CiRun():
            return f"{hearsay.name or 'CI'} of {hearsay.commit[:7]}: {hearsay.state}"
        case ImagePushed(image):
            return f"{image} is there"
