// A partner's system in one file: send a FHIR referral, follow what becomes of it.
// node partner.js CREDS BROKER send FILE [ID]   or   ... follow [STATUS]
const fs = require("node:fs");
const crypto = require("node:crypto");
const { connect, credsAuthenticator, headers, JSONCodec } = require("nats");

const SUBMIT = "halcyon.referral.v1.CreateReferralRequest";
const json = JSONCodec();

// Our name and our account: both stand in the credentials.
function identity(credentials) {
  const lines = credentials.split("\n");
  const jwt = lines[lines.indexOf("-----BEGIN NATS USER JWT-----") + 1];
  const { name, iss } = JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));
  return { name, account: iss };
}

// One CloudEvent in binary mode; the same id again is the same message.
async function send(client, file, id = crypto.randomUUID()) {
  const head = headers();
  const attributes = {
    "Nats-Msg-Id": id,
    "ce-specversion": "1.0",
    "ce-id": id,
    "ce-source": "urn:example:node-partner",
    "ce-type": SUBMIT,
    "ce-datacontenttype": "application/fhir+json",
  };
  for (const [name, value] of Object.entries(attributes)) head.set(name, value);
  const stored = await client.jetstream().publish("halcyon.in", fs.readFileSync(file), { headers: head });
  console.log(`sent ${id} as position ${stored.seq}`);
}

// Every message of our feed, oldest first, until a status is reached.
async function follow(client, { name, account }, until = "completed") {
  const feed = await client.jetstream({ apiPrefix: "halcyon" }).consumers.get(`PARTNER-OUT-${name}`, account);
  for await (const message of await feed.consume({ max_messages: 16 })) {
    const told = json.decode(message.data);
    message.ack();
    if (message.headers.get("ce-type").endsWith(".MessageAnswered")) {
      const outcome = told.outcome.replace("MESSAGE_OUTCOME_", "").toLowerCase();
      const reasons = (told.reasons || []).map((one) => one.reason).join(" ");
      console.log(message.seq, told.messageId || "", outcome, told.referralId || "", reasons);
      if (outcome === "rejected") process.exitCode = 1;
      if (outcome === "rejected") return;
      continue;
    }
    const status = told.status.replace("REFERRAL_STATUS_", "").toLowerCase();
    console.log(message.seq, told.referralId, `#${told.number}`, status, told.transaction, told.taskStatus, told.businessStatus, told.bserStatus);
    if (status === until) return;
  }
}

async function main() {
  const [path, broker, verb, ...rest] = process.argv.slice(2);
  const credentials = fs.readFileSync(path, "utf8");
  const client = await connect({ servers: broker, authenticator: credsAuthenticator(Buffer.from(credentials)) });
  if (verb === "send") await send(client, ...rest);
  else await follow(client, identity(credentials), ...rest);
  await client.drain();
}

main();
