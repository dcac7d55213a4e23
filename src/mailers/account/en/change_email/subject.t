Confirm your new email address for {{ product }}
