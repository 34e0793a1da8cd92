login-title = Log in to Countersign
session-left = You have logged out.
session-expired = Your session was over: its time had come. Log in again.
session-ended = Your session was ended: you ended it elsewhere, or another administrator did. Log in again.
key-tag = Your key and your phone show: { $tag }
