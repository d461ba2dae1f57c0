// What one would write by hand for consultation events alone, over the register's own tables in PostgreSQL: the same answers,
// keys, log and leaves. Left out are the other kinds, other filters, problem documents, languages, rights beyond the role, and
// idempotent requests. `register verify` finds nothing in what it writes.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import Fastify from "fastify";
import postgres from "postgres";

// The database is named by PGHOST, PGDATABASE, PGUSER, as everywhere.
const port = process.argv[2];
const sql = postgres({ max: 10, types: { json: { to: 25, from: [114], serialize: (value) => value, parse: (text) => text } } });
const app = Fastify({ logger: { level: "info", stream: { write() {} } } });
const PATH = "/v1/consultation-events";
const PARTNERS = new Set(["reader", "contributor", "coordinator", "admin", "operator"]);

const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const salted = (salt, text) => sha(salt, text).toString("base64");
const leafHash = (leaf) => sha(Buffer.of(0), leaf).toString("base64");

// RFC 8785, for values that JSON.stringify writes as it says.
function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

const time = (date) => date.toISOString().replace(/\.000Z$/, "Z").replace(/\.(\d{3})Z$/, ".$1000Z");
const folded = (text) => text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "").split(/\s+/).join(" ");

async function callerOf(request, db = sql) {
  const header = request.headers.authorization;
  if (!header) return null;
  const digest = createHash("sha256").update(header.slice("Bearer ".length)).digest("hex");
  const [key] = await db`
    SELECT id, partner_id, role FROM api_key
    WHERE digest = ${digest} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;
  if (!key || !PARTNERS.has(key.role)) throw Object.assign(new Error("a valid key is needed"), { statusCode: 401 });
  return key;
}

const seen = (caller) => (caller ? ["public", "partners"] : ["public"]);

function answer(request, reply, representation, version, caller) {
  const tag = `"${version}"`;
  reply.header("ETag", tag).header("Cache-Control", caller ? "private, no-cache" : "no-cache").header("Vary", "Authorization");
  if (request.headers["if-none-match"] === tag) return reply.code(304).send();
  return reply.type("application/json").send(representation);
}

app.get(`${PATH}/:id`, async (request, reply) => {
  const caller = await callerOf(request);
  const [row] = await sql`
    SELECT representation, version FROM consultation_event
    WHERE id = ${request.params.id} AND visibility IN ${sql(seen(caller))}`;
  if (!row) return reply.code(404).send({ status: 404 });
  return answer(request, reply, row.representation, row.version, caller);
});

app.get(PATH, async (request, reply) => {
  const caller = await callerOf(request);
  const limit = Number(request.query.limit ?? 50);
  const partner = request.query.partner_id;
  const whose = partner
    ? sql`AND (organiser_id = ${partner} OR EXISTS (
        SELECT 1 FROM event_participant p WHERE p.consultation_event_id = e.id AND p.partner_id = ${partner}))`
    : sql``;
  const after = request.query.cursor && JSON.parse(Buffer.from(request.query.cursor, "base64url"));
  const behind = after ? sql`AND (starts_at, id) > (${after[0]}::timestamptz, ${after[1]}::uuid)` : sql``;
  const rows = await sql`
    SELECT representation, starts_at, id FROM consultation_event e
    WHERE visibility IN ${sql(seen(caller))} ${whose} ${behind} ORDER BY starts_at, id LIMIT ${limit + 1}`;
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit ? Buffer.from(JSON.stringify([last.starts_at, last.id])).toString("base64url") : null;
  const items = shown.map((row) => row.representation).join(",");
  return reply.type("application/json").send(`{"items":[${items}],"next_cursor":${JSON.stringify(next)}}`);
});

const text = (maxLength, minLength = 0) => ({ type: "string", minLength, maxLength });
const nullable = (schema) => ({ anyOf: [schema, { type: "null" }] });
const ids = { type: "array", maxItems: 100, uniqueItems: true, items: { type: "string", format: "uuid" } };
const properties = {
  agreement_id: { type: "string", format: "uuid" },
  visibility: { enum: ["public", "partners"] },
  title: text(300, 1),
  description: nullable(text(20000)),
  format: { enum: ["talk", "conference", "expert_day", "working_group", "other"] },
  level: { enum: ["strategic", "operational"] },
  status: { enum: ["planned", "confirmed", "held", "postponed", "cancelled"] },
  starts_at: { type: "string", format: "date-time" },
  ends_at: nullable({ type: "string", format: "date-time" }),
  location: nullable(text(500)),
  organiser_id: { type: "string", format: "uuid" },
  goal_ids: ids,
  participants: {
    type: "array",
    maxItems: 200,
    items: {
      type: "object",
      required: ["partner_id"],
      additionalProperties: false,
      properties: {
        partner_id: { type: "string", format: "uuid" },
        role: { enum: ["host", "moderator", "participant"] },
        attendance: { enum: ["invited", "accepted", "declined", "attended", "absent"] },
        delegates: nullable({ type: "integer", minimum: 1, maximum: 10000 }),
      },
    },
  },
};
const body = (required) => ({ type: "object", additionalProperties: false, required, properties });

function checked(content) {
  if (content.ends_at && new Date(content.ends_at) <= new Date(content.starts_at)) {
    throw Object.assign(new Error("ends_at must be after starts_at"), { statusCode: 422 });
  }
}

// As the register writes it, in its order.
function represented(id, version, createdAt, updatedAt, content) {
  return JSON.stringify({
    id, version, created_at: createdAt, updated_at: updatedAt,
    agreement_id: content.agreement_id, external_ids: [], visibility: content.visibility ?? "public",
    title: content.title, description: content.description ?? null, format: content.format, level: content.level,
    status: content.status ?? "planned", status_reason: null, starts_at: time(new Date(content.starts_at)),
    ends_at: content.ends_at ? time(new Date(content.ends_at)) : null, timezone: "Europe/Berlin",
    attendance_mode: "in_person", location: content.location ?? null, online_url: null,
    organiser_id: content.organiser_id, documents: [], outcome: null, topic_ids: [], goal_ids: content.goal_ids ?? [],
    sub_measure_ids: [],
    participants: (content.participants ?? []).map((each) => ({
      partner_id: each.partner_id, role: each.role ?? "participant", attendance: each.attendance ?? "invited",
      delegates: each.delegates ?? null,
    })),
    agenda_items: [],
  });
}

async function mayWrite(db, caller, content) {
  const partners = [...new Set([content.organiser_id, ...(content.participants ?? []).map((each) => each.partner_id)])];
  const goals = content.goal_ids ?? [];
  const [found] = await db`
    SELECT
      (SELECT count(*) FROM agreement_party WHERE agreement_id = ${content.agreement_id} AND partner_id = ${caller.partner_id})
        AS party,
      (SELECT count(*) FROM partner WHERE id = ANY(${partners}::uuid[])) AS partners,
      (SELECT count(*) FROM goal WHERE id = ANY(${goals}::uuid[])) AS goals`;
  if (caller.role !== "coordinator" || found.party === "0") throw Object.assign(new Error("not allowed"), { statusCode: 403 });
  if (Number(found.partners) !== partners.length || Number(found.goals) !== goals.length) {
    throw Object.assign(new Error("unknown reference"), { statusCode: 422 });
  }
}

async function logged(db, caller, requestId, entry) {
  const salt = randomBytes(32);
  const row = {
    ...entry, salt: salt.toString("base64"), key_ref: salted(salt, caller.id),
    data_digest: salted(salt, canonical(JSON.parse(entry.data))),
  };
  const at = `${new Date().toISOString().slice(0, -1)}000Z`;
  const leaf = canonical({
    at, action: row.action, resource_type: "consultation_event", resource_id: row.id, version: row.version,
    visibility: row.visibility, previous_visibility: row.previous, by_partner_id: caller.partner_id, key_ref: row.key_ref,
    changed_fields: row.changed, proposal_id: null, reason: null, data_digest: row.data_digest,
  });
  const size = 1024 + Buffer.byteLength(entry.data);
  const day = new Date().toISOString().slice(0, 10);
  await db`
    UPDATE api_key SET written_on = ${day}::date,
      written_bytes = CASE WHEN written_on = ${day}::date THEN written_bytes ELSE 0 END + ${size} WHERE id = ${caller.id}`;
  await db`
    WITH head AS (UPDATE feed SET position = position + 1 WHERE id = 1 RETURNING position)
    INSERT INTO change (position, at, action, resource_type, resource_id, version, visibility, previous_visibility,
      by_partner_id, by_key_id, request_id, changed_fields, data, salt, key_ref, data_digest, leaf_hash)
    SELECT position, ${at}::timestamptz, ${row.action}, 'consultation_event', ${row.id}, ${row.version}::int, ${row.visibility},
      ${row.previous}, ${caller.partner_id}, ${caller.id}, ${requestId}, ${JSON.stringify(row.changed)}::text::json, ${row.data},
      ${row.salt}, ${row.key_ref}, ${row.data_digest}, ${leafHash(leaf)} FROM head`;
}

app.post(PATH, { schema: { body: body(["title", "format", "level", "starts_at", "organiser_id", "agreement_id"]) } },
  async (request, reply) => {
    const content = request.body;
    checked(content);
    const caller = await callerOf(request);
    if (!caller) return reply.code(401).send({ status: 401 });
    const id = randomUUID();
    const now = `${new Date().toISOString().slice(0, -1)}000Z`;
    const representation = represented(id, 1, now, now, content);
    const said = JSON.parse(representation);
    const changed = Object.keys(properties).filter((name) => {
      const value = said[name];
      return value !== null && !(Array.isArray(value) && !value.length);
    });
    changed.splice(changed.indexOf("starts_at") + 1, 0, "timezone", "attendance_mode");
    await sql.begin(async (db) => {
      await mayWrite(db, caller, said);
      await db`
        INSERT INTO subject (id, kind, version, visibility, agreement_id)
        VALUES (${id}, 'consultation_event', 1, ${said.visibility}, ${said.agreement_id})`;
      await db`
        INSERT INTO consultation_event (id, version, created_at, updated_at, visibility, sort_name, search_text, representation,
          title, description, format, level, status, starts_at, ends_at, timezone, attendance_mode, location, organiser_id,
          documents, starts_on, agreement_id)
        VALUES (${id}, 1, ${now}, ${now}, ${said.visibility}, ${folded(said.title)},
          ${[said.title, said.description].filter(Boolean).map(folded).join("\n")}, ${representation}, ${said.title},
          ${said.description}, ${said.format}, ${said.level}, ${said.status}, ${said.starts_at}, ${said.ends_at},
          'Europe/Berlin', 'in_person', ${said.location}, ${said.organiser_id}, '[]',
          (${said.starts_at}::timestamptz AT TIME ZONE 'Europe/Berlin')::date, ${said.agreement_id})`;
      if (said.participants.length) {
        await db`INSERT INTO event_participant ${db(said.participants.map((each, position) => (
          { ...each, consultation_event_id: id, position })))}`;
      }
      if (said.goal_ids.length) {
        await db`INSERT INTO event_goal ${db(said.goal_ids.map((goal_id, position) => (
          { consultation_event_id: id, goal_id, position })))}`;
        await db`INSERT INTO subject_about ${db(said.goal_ids.map((about_id) => ({ subject_id: id, about_id })))}`;
      }
      await logged(db, caller, request.id, {
        id, action: "created", version: 1, visibility: said.visibility, previous: null, changed, data: representation,
      });
    });
    return reply.code(201).header("Location", `${PATH}/${id}`).header("ETag", '"1"').type("application/json").send(representation);
  });

app.addContentTypeParser("application/merge-patch+json", { parseAs: "string" }, app.getDefaultJsonParser("error", "error"));

app.patch(`${PATH}/:id`, { schema: { body: body([]) } }, async (request, reply) => {
  const caller = await callerOf(request);
  if (!caller) return reply.code(401).send({ status: 401 });
  const { id } = request.params;
  const wanted = request.headers["if-match"];
  if (!wanted) return reply.code(428).send({ status: 428 });
  const done = await sql.begin(async (db) => {
    const [row] = await db`SELECT representation, version FROM consultation_event WHERE id = ${id} FOR UPDATE`;
    if (!row) return { status: 404 };
    if (wanted !== "*" && wanted !== `"${row.version}"`) return { status: 412 };
    const before = JSON.parse(row.representation);
    const content = { ...before, ...request.body };
    checked(content);
    const changed = Object.keys(request.body).filter((name) => canonical(before[name]) !== canonical(content[name]));
    if (!changed.length) return { representation: row.representation, version: row.version };
    const version = row.version + 1;
    const now = `${new Date().toISOString().slice(0, -1)}000Z`;
    const representation = represented(id, version, before.created_at, now, content);
    await mayWrite(db, caller, content);
    await db`
      UPDATE consultation_event SET version = ${version}, updated_at = ${now}, representation = ${representation},
        title = ${content.title}, sort_name = ${folded(content.title)},
        search_text = ${[content.title, content.description].filter(Boolean).map(folded).join("\n")},
        description = ${content.description}, status = ${content.status}, location = ${content.location}
      WHERE id = ${id}`;
    await db`UPDATE subject SET version = ${version}, visibility = ${content.visibility} WHERE id = ${id}`;
    await logged(db, caller, request.id, {
      id, action: "updated", version, visibility: content.visibility, previous: before.visibility, changed, data: representation,
    });
    return { representation, version };
  });
  if (done.status) return reply.code(done.status).send({ status: done.status });
  return answer(request, reply, done.representation, done.version, caller);
});

await app.listen({ host: "127.0.0.1", port: Number(port) });
