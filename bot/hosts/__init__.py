"""The APIs of git hosts: what is told there of stagings, and what is asked of CI."""
