// The client that hey-api generates: create, page through a list, follow the feed, a problem.
import { createSubMeasure, getGoal, listChanges, listSubMeasures } from "./heyapi";
import { client } from "./heyapi/client.gen";

declare const process: { env: { BASE: string; KEY: string; GOAL: string; NOWHERE: string } };
const { BASE, KEY, GOAL, NOWHERE } = process.env;
client.setConfig({ baseUrl: BASE, auth: KEY });

async function main(): Promise<void> {
  const before = await listChanges({ query: { type: ["sub_measure"], limit: 500 }, throwOnError: true });

  const made = await createSubMeasure({ body: { goal_id: GOAL, title: "Teilmaßnahme", status: "agreed" }, throwOnError: true });

  const titles: string[] = [];
  let next: string | undefined;
  do {
    const page = await listSubMeasures({ query: { goal_id: [GOAL], limit: 2, cursor: next }, throwOnError: true });
    titles.push(...page.data.items.map((each) => each.title));
    next = page.data.next_cursor ?? undefined;
  } while (next);

  const feed = await listChanges({ query: { cursor: before.data.next_cursor }, throwOnError: true });
  const told: string[] = [];
  for (const change of feed.data.items) {
    if (change.resource_type === "sub_measure" && change.data) {
      told.push(`${change.action} ${change.data.code} ${change.data.title}`);
    }
  }

  const missing = await getGoal({ path: { id: NOWHERE } });
  console.log(JSON.stringify({ made: made.data.title, titles, told, problem: missing.error!.type }));
}

main();
