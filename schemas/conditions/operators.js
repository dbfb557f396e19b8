/**
 * The operators of Incognita's questionnaires for json-logic-js (2.0.x, MIT) in a browser.
 *
 *     import jsonLogic from "json-logic-js";
 *     import { addOperators, dataOf } from "./operators.js";
 *     addOperators(jsonLogic);
 *     jsonLogic.truthy(jsonLogic.apply(question.relevant, dataOf({ answers })));
 *
 * It replaces JsonLogic's own operators where browser and server would differ, and adds ours; the
 * README beside this file says which and why, vectors.json what each gives. An operator throws
 * where its operands do not go together; the server then treats the question as one that applies.
 */
import { patternOf } from "./patterns.js";

const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const CLOCK = /^([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?$/;
const MOMENT =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)(Z|[+-][0-9]{2}:[0-9]{2})?$/;
const INSTANT = /^.{10}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$/;
const NUMBER = /^-?[0-9]+(\.[0-9]+)?$/;
const DAY_S = 86400;
const MOST_DIGITS = 9;

const isNumber = (value) => typeof value === "number";
const isText = (value) => typeof value === "string";

/** What rules are evaluated on; whatever is left out is unknown. */
export function dataOf({ answers = {}, branch = {}, visit = {}, now = null, today = null, value = null }) {
  return { answers, branch, visit, now, today, value };
}

/** Teach a json-logic-js object all operators that a questionnaire may use. */
export function addOperators(jsonLogic) {
  for (const [name, run] of Object.entries(OPERATORS)) jsonLogic.add_operation(name, run);
  for (const [name, run] of Object.entries(NULL_GIVES_NULL)) {
    jsonLogic.add_operation(name, (...values) => (values.includes(null) ? null : run(...values)));
  }
}

function same(one, other) {
  if (one === null || other === null) return one === other;
  if (isText(one) && isText(other)) return one === other || sameInstant(one, other);
  if (isText(one)) [one, other] = [other, one];
  if (isText(other)) return isNumber(one) && NUMBER.test(other) && Number(other) === one;
  if (isPlain(one) && isPlain(other)) return Number(one) === Number(other);
  return identical(one, other);
}

const isPlain = (value) => isNumber(value) || typeof value === "boolean";

function identical(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return false;
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && identical(one[name], other[name]))
  );
}

function number(value) {
  if (isPlain(value)) return Number(value);
  if (isText(value) && NUMBER.test(value)) return Number(value);
  throw new TypeError("a number is needed");
}

function sameInstant(one, other) {
  return INSTANT.test(one) && INSTANT.test(other) && seconds(one) === seconds(other);
}

/** Texts by their code points, moments as such whatever their zones, else as numbers. */
function below(one, other) {
  if (!isText(one) || !isText(other)) return number(one) < number(other);
  if (INSTANT.test(one) && INSTANT.test(other)) return seconds(one) < seconds(other);
  const [first, second] = [[...one], [...other]];
  const place = first.findIndex((sign, index) => sign !== second[index]);
  if (place === -1) return first.length < second.length;
  return place < second.length && first[place].codePointAt(0) < second[place].codePointAt(0);
}

const pairs = (values) => values.slice(1).map((value, index) => [values[index], value]);

function contains(one, many) {
  if (isText(many)) {
    if (one !== null && !isText(one)) throw new TypeError("a text holds texts only");
    return one !== null && many.includes(one);
  }
  return Array.isArray(many) && many.some((each) => identical(one, each));
}

function written(value) {
  if (value === null) return "";
  if (Array.isArray(value)) return value.map(written).join(",");
  if (typeof value === "object") throw new TypeError("a text, a number or a truth value is needed");
  if (isNumber(value) && !Number.isFinite(value)) throw new RangeError("the number is not finite");
  return String(value);
}

function comparable(values) {
  return values.every(isText) ? values : values.map(number);
}

const first = (values, precedes) =>
  comparable(values).reduce((best, each) => (precedes(each, best) ? each : best));

/** Only what a path names itself: no length of a text, nothing that objects inherit. */
function look(data, path) {
  const dot = path.indexOf(".");
  const holder = dot === -1 ? data : data[path.slice(0, dot)];
  const name = path.slice(dot + 1);
  const found = holder !== null && Object.hasOwn(holder, name) ? holder[name] : null;
  return found === undefined ? null : found;
}

function missing(...paths) {
  const named = Array.isArray(paths[0]) ? paths[0] : paths;
  return named.filter((path) => [null, ""].includes(look(this, path)));
}

function missingSome(needed, paths) {
  const gone = missing.call(this, paths);
  return paths.length - gone.length >= needed ? [] : gone;
}

function numbersOf(values) {
  if (!Array.isArray(values)) throw new TypeError("a list of numbers is needed");
  const there = values.filter((value) => value !== null);
  if (!there.every(isNumber)) throw new TypeError("the list holds something that is no number");
  return there;
}

const least = (numbers) => (numbers.length ? numbers.reduce((a, b) => Math.min(a, b)) : null);
const greatest = (numbers) => (numbers.length ? numbers.reduce((a, b) => Math.max(a, b)) : null);

function size(value) {
  if (value === null) return 0;
  if (isText(value)) return [...value].length;
  if (Array.isArray(value)) return value.length;
  throw new TypeError("a text or a list is needed");
}

function matches(text, pattern) {
  if (!isText(text)) throw new TypeError("a text is needed");
  return patternOf(pattern).test(text);
}

function days(value) {
  const moment = isText(value) ? MOMENT.exec(value) : null;
  const day = moment ? moment[1] : value;
  if (!isText(day) || !DATE.test(day)) throw new TypeError("a date or a moment is needed");
  if (moment) seconds(value);
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) {
    throw new RangeError(`${day} does not exist`);
  }
  return midnight.getTime() / 1000 / DAY_S;
}

function clock(text) {
  const [, hours, minutes, whole = "0", fraction = ""] = CLOCK.exec(text);
  if (hours > 23 || minutes > 59 || whole > 59) throw new RangeError(`${text} does not exist`);
  const micros = Number(fraction.slice(0, 6).padEnd(6, "0"));
  return [Number(hours) * 3600 + Number(minutes) * 60 + Number(whole), micros];
}

function seconds(value) {
  if (!isText(value)) throw new TypeError("a date, a time or a moment is needed");
  if (CLOCK.test(value)) return clock(value)[0];
  const moment = MOMENT.exec(value);
  if (!moment) return days(value) * DAY_S;
  const [whole, micros] = clock(moment[2]);
  const zone = moment[3] && moment[3] !== "Z" ? clock(moment[3].slice(1))[0] : 0;
  const ahead = moment[3] && moment[3].startsWith("-") ? -zone : zone;
  return ((days(moment[1]) * DAY_S + whole - ahead) * 1e6 + micros) / 1e6;
}

/** Half away from zero, of the decimal that the number is written as. */
function round(value, digits = 0) {
  numbersOf([value, digits]);
  if (!(digits >= 0 && digits <= MOST_DIGITS) || !Number.isFinite(value)) {
    throw new RangeError(`digits are 0 to ${MOST_DIGITS}, and the number finite`);
  }
  const [mantissa, exponent = "0"] = String(Math.abs(value)).split("e");
  const [whole, fraction = ""] = mantissa.split(".");
  const shift = Number(exponent) - fraction.length + Math.trunc(digits);
  const units = BigInt(whole + fraction);
  const scaled = shift >= 0 ? units * 10n ** BigInt(shift) : halfUp(units, 10n ** BigInt(-shift));
  const rounded = Number(`${scaled}e-${Math.trunc(digits)}`);
  return value < 0 && rounded !== 0 ? -rounded : rounded;
}

const halfUp = (units, divisor) => (2n * units + divisor) / (2n * divisor);

function remainder(value, divisor) {
  numbersOf([value, divisor]);
  if (divisor === 0) throw new RangeError("a division by zero");
  return value % divisor;
}

function over(one, other) {
  if (number(other) === 0) throw new RangeError("a division by zero");
  return number(one) / number(other);
}

const OPERATORS = {
  var(path, instead = null) {
    return look(this, path) ?? instead;
  },
  missing,
  missing_some: missingSome,
  "==": same,
  "===": identical,
  "!=": (one, other) => !same(one, other),
  "!==": (one, other) => !identical(one, other),
  in: contains,
  cat: (...values) => values.map(written).join(""),
  size,
};

const NULL_GIVES_NULL = {
  "<": (...values) => pairs(values).every(([one, other]) => below(one, other)),
  "<=": (...values) => !pairs(values).some(([one, other]) => below(other, one)),
  ">": (one, other) => below(other, one),
  ">=": (one, other) => !below(one, other),
  "+": (...values) => values.reduce((total, value) => total + number(value), 0),
  "*": (...values) => values.reduce((product, value) => product * number(value), 1),
  "-": (one, other) => (other === undefined ? -number(one) : number(one) - number(other)),
  "/": over,
  "%": remainder,
  min: (...values) => first(values, (one, other) => below(one, other)),
  max: (...values) => first(values, (one, other) => below(other, one)),
  sum: (values) => numbersOf(values).reduce((total, each) => total + each, 0),
  lowest: (values) => least(numbersOf(values)),
  highest: (values) => greatest(numbersOf(values)),
  matches,
  seconds,
  days,
  round,
};
