"""The engine side by side with other clients: what waiting, cancelling and being many costs.

``python -m benchmarks engine`` starts a Dovecot of its own on this machine, and runs these
rows, or those that ``--rows`` names:

``status``
    200 STATUS commands, one after the other and launched at once, with no time added and
    with 10 and 50 ms added to each round trip.
``fetch``
    500 FETCH commands of one message each, in the same way.
``store``
    A STORE for each of 50 messages inside the loop over the running FETCH, and after it.
``cpu``
    The processor time that a small command takes, of 10,000.
``large-fetch``
    Flags, dates and sizes of 100,000 messages by one FETCH.
``bodies``
    2,000 whole messages by one FETCH.
``large``
    One message of 200 MB: what memory it takes.
``cancel``
    A FETCH of 100,000 messages is given up: the time until the next command is answered.
``append``
    2,000 messages are uploaded with 50 ms added to each round trip.
``crowd``
    500 and 2,000 connections with TLS in one process, each waiting in IDLE: the time until
    all are ready, the memory that each takes, and how soon each tells of a new message.

Each client runs in a process of its own (:mod:`benchmarks.engine.contend`), within a bound
of time: one that is not ready by then is shown as such. Clocks run from after logging in.
The clients take turns (:mod:`benchmarks.turns`). The quick run has one round, smaller
numbers and no 10 ms.
"""
