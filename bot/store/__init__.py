"""What is stored: tables, migrations, and the only code that speaks SQL."""
