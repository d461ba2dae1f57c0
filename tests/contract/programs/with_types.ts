// Types of openapi-typescript, and the client that goes with them: create, page through a list, follow the feed, a problem.
import createClient from "openapi-fetch";
import type { paths } from "./register";

declare const process: { env: { BASE: string; KEY: string; GOAL: string; NOWHERE: string } };
const { BASE, KEY, GOAL, NOWHERE } = process.env;
const client = createClient<paths>({ baseUrl: BASE, headers: { Authorization: `Bearer ${KEY}` } });

async function main(): Promise<void> {
  let cursor = (await client.GET("/changes", { params: { query: { type: ["sub_measure"], limit: 500 } } })).data!.next_cursor;

  const made = await client.POST("/sub-measures", { body: { goal_id: GOAL, title: "Teilmaßnahme", status: "agreed" } });
  const measure = made.data!;

  const titles: string[] = [];
  let next: string | undefined;
  do {
    const page = await client.GET("/sub-measures", { params: { query: { goal_id: [GOAL], limit: 2, cursor: next } } });
    titles.push(...page.data!.items.map((each) => each.title));
    next = page.data!.next_cursor ?? undefined;
  } while (next);

  const feed = (await client.GET("/changes", { params: { query: { cursor } } })).data!;
  const told: string[] = [];
  for (const change of feed.items) {
    if (change.resource_type === "sub_measure" && change.data) {
      told.push(`${change.action} ${change.data.code} ${change.data.title}`);
    }
  }

  const missing = await client.GET("/goals/{id}", { params: { path: { id: NOWHERE } } });
  console.log(JSON.stringify({ made: measure.title, titles, told, problem: missing.error!.type }));
}

main();
