"""The publisher's side of "nothing lost, nothing doubled".

A bridge puts every sample into a spool on disk before anything else, sends it
with QoS 1, and deletes it only when the platform's receipt says that it is
stored for good. A PUBACK proves nothing: a broker may acknowledge and then
lose its memory. Sending twice does no harm, because the store knows a sample
by aircraft and time; so whenever in doubt, the bridge sends again.

The receipt is state, not a log: each one tells all about one flight, so only
the latest matters and any of them may be lost. The platform answers every
message of a flight with one, also when all of its samples were duplicates or
went to quarantine, at most once a second for each aircraft and flight, the
last one never left out. Then every trouble ends well:

- A receipt is lost: the next one says the same and more. If nothing more is
  sent, the bridge asks after 3 s, then at intervals doubling up to 60 s, by
  sending the lowest and the highest unreceipted sample again.
- The link is cut or stalls: an acknowledgement overdue by 10 s ends the
  connection. On the new one the bridge asks, and the answer shows what of the
  samples under way has arrived; the others are sent again. New samples do not
  wait for that.
- The broker or the platform forgets what it had acknowledged: the gap is
  named by `missing`, or is the end of the flight and shows by the question.
- A receipt of an older flight: it settles that flight and no other. One of an
  unknown or unnamed flight settles nothing.
- The platform is restored from an older backup: its receipts take back what
  they had covered. After a second receipt says so too, samples that are still
  kept (a day, if there is room) wait again. A flight with nothing waiting is
  asked after on every connection and every 5 minutes, so this shows.
- A sample is rejected: it is in quarantine with its bytes, counts as settled,
  and is not sent again.
- The spool's disk is full, or its bound is reached: `publish` raises, and the
  caller knows that this sample is not accepted. Dropping the oldest instead is
  a choice, counted for the life of the spool.

`kill -9` and power cuts cost nothing that `publish` had accepted: SQLite waits
for the disk at each commit. One MQTT session serves all aircraft of an
operator; its will takes the first one off line and names the others in `also`.
Needs only Python and paho-mqtt.
"""

from soramichi.bridge.line import BrokerAddress
from soramichi.bridge.outstanding import Outstanding, OutstandingFlight
from soramichi.bridge.sender import Bridge

__all__ = ["Bridge", "BrokerAddress", "Outstanding", "OutstandingFlight"]
