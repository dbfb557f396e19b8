// Lines of {"rule", "data"} in, lines of {"outcome"} or {"fails"} out; argument: json-logic-js.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { addOperators, dataOf } from "../operators.js";

const jsonLogic = createRequire(import.meta.url)(process.argv[2]);
addOperators(jsonLogic);
for await (const line of createInterface({ input: process.stdin })) {
  const { rule, data } = JSON.parse(line);
  let answer;
  try {
    const outcome = jsonLogic.apply(rule, dataOf(data));
    const finite = typeof outcome !== "number" || Number.isFinite(outcome);
    answer = finite ? { outcome } : { fails: "not finite" };
  } catch (error) {
    answer = { fails: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
