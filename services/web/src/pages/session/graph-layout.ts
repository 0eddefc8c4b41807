/** Where the parts of a session stand in its picture, and what leads from one to the other. Pure; pixels. */
import { stepNode } from "../../nodes";
import type { Phase } from "../../wire";

export interface Placed {
  readonly node: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A place as a transform, as in any picture whose parts move: a new plan moves boxes, and no text around them. */
export function styleOf({ x, y, width, height }: Placed): Readonly<Record<string, string | number>> {
  return { transform: `translate(${x}px, ${y}px)`, width, height };
}

export interface Edge {
  readonly from: string;
  readonly to: string;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly placed: readonly Placed[];
  readonly edges: readonly Edge[];
  /** Whatever is made from a node, the node itself among it. */
  readonly below: (node: string) => ReadonlySet<string>;
}

export interface PlanStep {
  readonly step_id: number;
  readonly depends_on: readonly number[];
}

export const CARD = { width: 146, height: 232 };
/** Of the head of the steps, which stands above them. */
const HEAD = 164;
const STEP = { width: 182, height: 58, gap: 10 };
const SMALL = { width: 132, height: 34, gap: 6 };
const GAP = 28;
/** From so many steps on they are drawn small. */
const MANY = 36;
/** So many rows before a column is followed by another. */
const ROWS = { few: 8, many: 16 };

/** Columns from left to right: sources, goals, plan, the steps by how long the chain above them is, the report. */
export function pictureOf(steps: readonly PlanStep[]): Picture {
  const size = steps.length > MANY ? SMALL : STEP;
  const rows = steps.length > MANY ? ROWS.many : ROWS.few;
  const layers = layersOf(steps);
  const placed: Placed[] = [];
  let x = 0;
  const card = (node: Phase): void => {
    placed.push({ node, x, y: 0, ...CARD });
  };
  for (const phase of ["phase0", "phase1", "phase2"] as const) {
    card(phase);
    x += CARD.width + GAP;
  }
  placed.push({ node: "phase3", x, y: 0, width: size.width, height: HEAD - 12 });
  const start = x;
  let bottom = CARD.height;
  for (const layer of layers) {
    const columns = Math.max(1, Math.ceil(layer.length / rows));
    const high = Math.ceil(layer.length / columns);
    layer.forEach((step, index) => {
      const [column, row] = [Math.floor(index / high), index % high];
      const y = HEAD + row * (size.height + size.gap);
      placed.push({
        node: stepNode(step),
        x: x + column * (size.width + size.gap),
        y,
        width: size.width,
        height: size.height,
      });
      bottom = Math.max(bottom, y + size.height);
    });
    x += columns * (size.width + size.gap) - size.gap + GAP;
  }
  x = Math.max(x, start + size.width + GAP);
  card("phase4");
  return { width: x + CARD.width, height: bottom, placed, edges: edgesOf(steps), below: belowOf(steps) };
}

/** Steps by the longest chain above them; within a layer near to what they depend on, so that few lines cross. */
function layersOf(steps: readonly PlanStep[]): readonly (readonly number[])[] {
  const depth = new Map<number, number>();
  for (const step of steps)
    depth.set(step.step_id, Math.max(0, ...step.depends_on.map((other) => (depth.get(other) ?? -1) + 1)));
  const layers: number[][] = [];
  const row = new Map<number, number>();
  const byId = new Map(steps.map((step) => [step.step_id, step]));
  for (let layer = 0; ; layer++) {
    const here = steps.filter((step) => depth.get(step.step_id) === layer).map((step) => step.step_id);
    if (here.length === 0) return layers;
    const middle = (step: number): number => {
      const above = byId.get(step)?.depends_on ?? [];
      return above.length ? above.reduce((sum, other) => sum + (row.get(other) ?? 0), 0) / above.length : 0;
    };
    const sorted = layer === 0 ? here : here.toSorted((one, other) => middle(one) - middle(other));
    sorted.forEach((step, index) => {
      row.set(step, index);
    });
    layers.push(sorted);
  }
}

/** The lines that say something: a step that another one reads leads to the report through that. */
function edgesOf(steps: readonly PlanStep[]): readonly Edge[] {
  const edges: Edge[] = [
    { from: "phase0", to: "phase1" },
    { from: "phase1", to: "phase2" },
  ];
  const read = new Set(steps.flatMap((step) => step.depends_on));
  for (const step of steps) {
    const to = stepNode(step.step_id);
    if (step.depends_on.length === 0) edges.push({ from: "phase2", to });
    for (const other of step.depends_on) edges.push({ from: stepNode(other), to });
    if (!read.has(step.step_id)) edges.push({ from: to, to: "phase4" });
  }
  if (steps.length === 0) edges.push({ from: "phase2", to: "phase3" }, { from: "phase3", to: "phase4" });
  return edges;
}

function belowOf(steps: readonly PlanStep[]): (node: string) => ReadonlySet<string> {
  const children = new Map<string, string[]>();
  const link = (from: string, to: string): void => {
    children.set(from, [...(children.get(from) ?? []), to]);
  };
  link("phase0", "phase1");
  link("phase1", "phase2");
  link("phase2", "phase3");
  link("phase3", "phase4");
  for (const step of steps) {
    const node = stepNode(step.step_id);
    link("phase2", node);
    link("phase3", node);
    link(node, "phase4");
    for (const other of step.depends_on) link(stepNode(other), node);
  }
  return (node) => {
    const found = new Set([node]);
    const todo = [node];
    for (let next = todo.pop(); next !== undefined; next = todo.pop())
      for (const child of children.get(next) ?? [])
        if (!found.has(child)) {
          found.add(child);
          todo.push(child);
        }
    return found;
  };
}

/** A line from the right of one to the left of the other, as an SVG path. */
export function pathOf(from: Placed, to: Placed): string {
  const [x1, y1] = [from.x + from.width, from.y + Math.min(from.height / 2, CARD.height / 2)];
  const [x2, y2] = [to.x, to.y + Math.min(to.height / 2, CARD.height / 2)];
  const bend = Math.max(16, Math.min(60, (x2 - x1) / 2));
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
