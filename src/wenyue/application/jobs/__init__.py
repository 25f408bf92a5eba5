"""What is done later, by itself: one job a module, a function of (services, …).

The worker calls them on its schedule, subscribers of events when something happened; nobody is signed in. Any number of workers
may call one at once, and every job may be ended at any point: what it committed stays, the rest is done by the next call.
"""
