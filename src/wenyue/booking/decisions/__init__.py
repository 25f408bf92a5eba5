"""What is decided about bookings: functions of facts and now, and the effects that they come to. Pure."""
