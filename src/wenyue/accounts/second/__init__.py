"""The second factor of staff, and their sign-ins: what somebody proves besides the password, half logins, logins in use."""
