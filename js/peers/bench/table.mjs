// Text tables: the first column to the left, figures to the right.

export function table(title, head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => String(cell ?? "")))
  const widths = head.map((_, i) => Math.max(...cells.map((row) => [...(row[i] ?? "")].length)))
  const line = (row) => "  " + row.map((cell, i) => (isText(head[i]) ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ").trimEnd()
  const rule = "  " + widths.map((width) => "─".repeat(width)).join("  ")
  return [`\n${title}`, line(cells[0]), rule, ...cells.slice(1).map(line)].join("\n")
}

/** The same in Markdown: the first two columns to the left. */
export function markdown(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`
  return [line(head), line(head.map((_, i) => (i < 2 ? "---" : "---:"))), ...rows.map(line)].join("\n")
}

export function median(list) {
  const sorted = list.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** Columns of text have a head that begins with a capital; those of figures, a unit. */
const isText = (head) => /^[A-Z]/.test(head)

export const ms = (value) => (value === undefined ? "–" : figure(value, 3))
export const perSecond = (millis) => (millis === undefined ? "–" : Math.round(1000 / millis).toLocaleString("en"))
export const bytes = (value) => value.toLocaleString("en")
export const ratio = (ours, theirs) => (ours === undefined || theirs === undefined ? "" : `${figure(ours / theirs, 2)}×`)

/** A number to some digits, never as 1e+2. */
const figure = (value, digits) => (value >= 10 ** (digits - 1) ? value.toFixed(0) : value.toPrecision(digits))
