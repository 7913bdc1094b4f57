"""Does a staging answer?"""
