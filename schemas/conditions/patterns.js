/**
 * RE2's patterns, as the server has them, in JavaScript's spelling; a pattern fits the whole text.
 *
 * Both know almost the same language, but spell it otherwise: RE2's \s and the dot mean fewer or
 * other characters, it takes a leading (?i), \pL, [[:alpha:]], \z, and any sign after a backslash.
 */
const SYNTAX = "^$\\.*+?()[]{}|/";
const SPACE = "\\t\\n\\f\\r ";
const NAMED = {
  alpha: "A-Za-z", digit: "0-9", alnum: "A-Za-z0-9", upper: "A-Z", lower: "a-z", space: "\\t\\n\\v\\f\\r ",
  word: "A-Za-z0-9_", xdigit: "0-9A-Fa-f", blank: "\\t ", punct: "!-\\/:-@\\[-`\\{-~",
};
const CATEGORIES = /^(L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cfos]?)$/;
const known = new Map();

/** The pattern, ready to test a whole text. Throws SyntaxError for what a browser cannot do. */
export function patternOf(pattern) {
  if (!known.has(pattern)) known.set(pattern, new Translation(pattern).expression());
  return known.get(pattern);
}

class Translation {
  constructor(pattern) {
    const [leading, flags = ""] = /^\(\?([is]+)\)/.exec(pattern) ?? [""];
    this.rest = pattern.slice(leading.length);
    this.flags = `u${flags.includes("i") ? "i" : ""}`;
    this.dot = flags.includes("s") ? "[^]" : "[^\\n]";
  }

  expression() {
    let written = "";
    while (this.rest) written += this.next();
    return new RegExp(`^(?:${written})$`, this.flags);
  }

  take(expression) {
    const found = expression.exec(this.rest);
    if (found) this.rest = this.rest.slice(found[0].length);
    return found;
  }

  next() {
    if (this.take(/^\(\?P</)) return "(?<";
    const quantity = this.take(/^\{[0-9]+(,[0-9]*)?\}/);
    if (quantity) return quantity[0];
    if (this.take(/^\[/)) return this.set();
    if (this.rest.startsWith("\\")) return this.escaped(false);
    const [sign] = this.take(/^[^]/u);
    if (sign === ".") return this.dot;
    return "{}]".includes(sign) ? `\\${sign}` : sign;
  }

  set() {
    let written = this.take(/^\^/) ? "[^" : "[";
    if (this.take(/^\]/)) written += "\\]";
    while (!this.take(/^\]/)) {
      const named = this.take(/^\[:([a-z]+):\]/);
      if (named) written += NAMED[named[1]] ?? unknown(named[0]);
      else if (this.rest.startsWith("\\")) written += this.escaped(true);
      else written += this.sign();
    }
    return `${written}]`;
  }

  sign() {
    const found = this.take(/^[^]/u) ?? unknown("[");
    return found[0] === "[" ? "\\[" : found[0];
  }

  escaped(inSet) {
    const property = this.take(/^\\([pP])(?:\{(\^?)(\w+)\}|([A-Z]))/);
    if (property) return propertyOf(property);
    const [, sign] = this.take(/^\\([^])/u) ?? unknown("\\");
    if (sign === "s") return inSet ? SPACE : `[${SPACE}]`;
    if (sign === "S" && !inSet) return `[^${SPACE}]`;
    if (sign === "A" && !inSet) return "^";
    if (sign === "z" && !inSet) return "$";
    if (sign === "a") return "\\x07";
    if (sign === "x") return this.code();
    if ("dDwWtnrfv".includes(sign) || (sign === "b" && !inSet) || (sign === "B" && !inSet)) {
      return `\\${sign}`;
    }
    if (/[A-Za-z0-9]/.test(sign)) unknown(`\\${sign}`);
    return SYNTAX.includes(sign) || (inSet && sign === "-") ? `\\${sign}` : sign;
  }

  code() {
    const [, wide, narrow] = this.take(/^(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/) ?? unknown("\\x");
    return `\\u{${wide ?? narrow}}`;
  }
}

function propertyOf([, letter, negation, long, short]) {
  const name = long ?? short;
  const sign = negation ? (letter === "p" ? "P" : "p") : letter;
  return CATEGORIES.test(name) ? `\\${sign}{${name}}` : `\\${sign}{Script=${name}}`;
}

function unknown(what) {
  throw new SyntaxError(`a browser does not know ${what} in a pattern`);
}
