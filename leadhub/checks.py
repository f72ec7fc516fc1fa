"""System checks: a wrong or missing setting stops the start with a sentence that says what to do."""
