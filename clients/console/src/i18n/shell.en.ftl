# Every page.
nav = Pages
nav-overview = Overview
nav-channels = Channels
nav-deliveries = Deliveries
nav-transactions = Transactions
nav-users = Users
nav-policy = Policy
nav-webhooks = Webhooks
nav-changes = Changes
nav-administrators = Administrators
nav-audit = Audit
tenant = Tenant
tenant-administration = { $issuer } (administrators)
role-0 = unknown role
role-1 = owner
role-2 = admin
role-3 = operator
role-4 = auditor
right-missing-stop = Your role reads and does not stop: what would stop something is not shown here. Operators, admins and owners may.
right-missing-change = Your role does not ask for changes: what would loosen something is not shown here. Admins and owners may.
right-missing-installation = Only owners change the installation itself: what would is not shown here.
lacks-key = You have no key yet, and so cannot change anything.
lacks-chat = You have no chat yet, and so cannot change anything.
lacks-both = You have neither key nor chat yet, and so cannot change anything.
lacks-where = See to it

# Controls.
apply = Apply
clear = Clear
filters = Filters
previous = Previous page
next = Next page
page-number = Page { $number }
pages-of = Pages of: { $caption }
page-empty = Nothing on this page; there may be more on the next.
all = All
none = none
time = Time
done = { $what }: done.
show-as-table = As a table
chart-of = { $caption }, as a chart. The same figures can be shown as a table.

# Changes.
change-ask = Ask for it
change-takes-key = This loosens something. Nothing happens before your own key has signed it.
change-approve-title = Agree to this change?
change-approve-explained = { $who } has asked for it and signed it. Your key shows the same lines.
change-id = Change
change-failed-because = Nothing was done: { $reason }
change-state-0 = unknown
change-state-1 = waits for the key of who asked
change-state-2 = { $given } of { $needed } have signed
change-state-3 = signed, about to be carried out
change-state-4 = carried out
change-state-5 = rejected, nothing was done
change-state-6 = lapsed, nothing was done
change-state-7 = failed, nothing was done
change-level-1 = low
change-level-2 = medium
change-level-3 = high

# What the core says no with.
failure-reason = Reason:
reason-unknown = The core refused it.
reason-UNREACHABLE = The core cannot be reached.
reason-UNAUTHENTICATED = The core does not know you.
reason-NOT_ALLOWED = Your role may not do this.
reason-NOT_FOUND = There is no such thing, or you have no part in it.
reason-ALREADY_EXISTS = It exists already.
reason-STATE_CONFLICT = It is no longer as this page showed it.
reason-BAD_INPUT = Something of it is not well formed.
reason-DUPLICATE = The same was asked for a moment ago.
reason-USER_BLOCKED = The user is frozen, blocked or suspended.
reason-UNAVAILABLE = The core cannot do this just now.
reason-STORE_FULL = The store is full.
reason-RATE_LIMITED = That was too often.
next-unknown = Try again; if it stays so, ask who runs the core, and tell the reason.
next-wait = { $seconds ->
    [one] Try again in a second.
   *[other] Try again in { $seconds } seconds.
}
next-UNREACHABLE = Is it running, and are you connected? Nothing is lost: try again.
next-NOT_ALLOWED = Ask somebody with another role.
next-NOT_FOUND = Check the id, and whether the right tenant is chosen.
next-ALREADY_EXISTS = Choose another name.
next-STATE_CONFLICT = Load the page anew and look again.
next-BAD_INPUT = Correct it and try again.
next-DUPLICATE = Look whether it is on its way already.
next-UNAVAILABLE = Try again in a moment.
next-STORE_FULL = Tell who runs the core.
