// The matrix of format × algorithm × way of naming the key: which cells were run, what
// became of each, and why the others are not there. Test files run in processes of their
// own: each appends its rows to a file, and run.mjs prints them all at the end.

import { appendFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"

/** Where the rows go. Without it, as when one test file is run alone, they are not kept. */
const directory = process.env.PEERS_MATRIX

/**
 * Notes one cell that was run, or one that is not there and why.
 *
 * @param {{format: string, issuer: string, alg: string, method: string, accepted?: [number, number], tampered?: [number, number], kinds?: number, absent?: string}} row
 */
export function record(row) {
  if (!directory) return
  mkdirSync(directory, { recursive: true })
  appendFileSync(join(directory, `${basename(process.argv[1] ?? "rows")}.jsonl`), JSON.stringify(row) + "\n")
}

/** Notes what became of copies: each has `want` and `got`, both [outcome, reason]. */
export function recordCopies(cell, copies) {
  const right = ({ want, got }) => want[0] === got[0] && want[1] === got[1]
  const count = (list) => [list.filter(right).length, list.length]
  const good = copies.filter(({ want }) => want[0].startsWith("accepted"))
  const bad = copies.filter(({ want }) => !want[0].startsWith("accepted"))
  record({ ...cell, accepted: count(good), tampered: count(bad), kinds: new Set(bad.map(({ want }) => want.join(" "))).size })
}

/** Reads what was noted. */
export function recorded(from) {
  const files = readdirSync(from, { withFileTypes: true }).filter((f) => f.name.endsWith(".jsonl"))
  return files.flatMap(({ name }) => readFileSync(join(from, name), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line)))
}

const unique = (list) => [...new Set(list)]
const sum = (rows, member) => rows.reduce(([a, b], row) => [a + row[member][0], b + row[member][1]], [0, 0]).join(" of ")

/** The table for people: a line for each format and issuer, and the absences below. */
export function print(rows) {
  const groups = grouped(rows)
  const lines = [["format", "issuer", "algorithms", "keys by", "cells", "accepted", "tampered, refused as they must be", "kinds"]]
  for (const group of groups.values()) {
    const run = group.filter((row) => !row.absent)
    if (run.length === 0) continue
    const { format, issuer } = group[0]
    lines.push([
      format, issuer, unique(run.map((row) => row.alg)).join(" "), unique(run.map((row) => row.method)).join(", "),
      String(unique(run.map((row) => row.alg + row.method)).length), sum(run, "accepted"), sum(run, "tampered"), String(Math.max(...run.map((row) => row.kinds))),
    ])
  }
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)))
  const table = lines.map((line) => line.map((text, i) => text.padEnd(widths[i])).join("  ").trimEnd())
  return [...table, "", "Cells that are not there, and why:", ...absences(rows.filter((row) => row.absent))].join("\n")
}

/** A line for each reason: whose cells, and which. */
function absences(rows) {
  return unique(rows.map((row) => row.absent)).map((why) => {
    const cells = rows.filter((row) => row.absent === why)
    const whose = unique(cells.map(({ format, issuer }) => `${format} by ${issuer}`))
    return `  ${String(cells.length).padStart(4)}  ${why} (${whose.join("; ")})`
  })
}

const keyOf = ({ format, issuer }) => `${format}\n${issuer}`

/** Map.groupBy, which Node 20 does not have yet. */
function grouped(rows) {
  const map = new Map()
  for (const row of rows) map.set(keyOf(row), [...(map.get(keyOf(row)) ?? []), row])
  return map
}
