// The strongest peer known: mqtt.js and pg, everything that arrived during an INSERT in the next.
//
// It does less than ours: it looks into no payload, keeps no books and no flights, and mqtt.js
// acknowledges at reception, so what it holds when it is killed is lost.
import mqtt from "mqtt";
import pg from "pg";

const { HOST, PORT, MQTT_USER, MQTT_PASSWORD, DATABASE } = process.env;
const wanted = Number(process.argv[2]);
const numbers = ["latitude_deg", "longitude_deg", "altitude_m", "ground_speed_mps", "track_deg",
  "vertical_speed_mps", "heading_deg", "battery_pct", "accuracy_h_m", "accuracy_v_m"];
const columns = ["aircraft_id", "time", "seq", "altitude_datum", "status", ...numbers].join(", ");
const types = `aircraft_id text, time timestamptz, seq bigint, altitude_datum text, status text,
  flight text, ${numbers.map((name) => `${name} float8`).join(", ")}`;
const insert = {
  name: "insert",
  text: `INSERT INTO soramichi.telemetry (flight_id, received_at, stored_at, ${columns})
    SELECT flight, now(), now(), ${columns} FROM json_to_recordset($1::json) AS r (${types})
    ON CONFLICT DO NOTHING`,
};

const database = new pg.Client({ connectionString: DATABASE });
await database.connect();
const client = mqtt.connect({
  host: HOST, port: Number(PORT), username: MQTT_USER, password: MQTT_PASSWORD,
  protocolVersion: 4, clientId: "bench-node", clean: false,
});
let waiting = [];
let stored = 0;
let busy = false;

async function store() {
  busy = true;
  while (waiting.length) {
    const batch = waiting;
    waiting = [];
    await database.query({ ...insert, values: [`[${batch.join(",")}]`] });
    stored += batch.length;
  }
  busy = false;
  if (stored === wanted) console.log("done");
}

client.on("message", (topic, payload) => {
  const aircraft = topic.split("/")[3];
  waiting.push(`{"aircraft_id":"${aircraft}",${payload.toString().slice(1)}`);
  if (!busy) {
    busy = true;
    setImmediate(store);
  }
});
client.on("connect", () => {
  client.subscribe("soramichi/v1/+/+/telemetry", { qos: 1 }, () => console.log("ready"));
});
