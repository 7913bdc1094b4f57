"""A local stand-in for Slack with a web page, and the example project. No part of the production image."""
