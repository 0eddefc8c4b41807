/** Figures that differ, drawn side by side; the text of the section says the same. */
import type { ReactNode } from "react";
import type { Chart } from "../../wire";

export function Charts({ charts }: { readonly charts: readonly Chart[] }): ReactNode {
  return charts.map((chart) => (
    <figure key={chart.title} className="chart">
      <figcaption>{chart.title}</figcaption>
      {chart.comparisons.map((comparison) => {
        const most = Math.max(...comparison.bars.map((bar) => Math.abs(bar.value)), 1e-9);
        return (
          <div key={comparison.subject} className="chart-group">
            <p className="small soft">{comparison.subject}</p>
            {comparison.bars.map((bar, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the bars of one report never move
              <div key={index} className="chart-bar">
                <span className="chart-fill" style={{ width: `${(100 * Math.abs(bar.value)) / most}%` }} />
                <span>
                  {bar.text}{" "}
                  <span className="soft">{bar.references.map((reference) => `[${reference}]`).join("")}</span>
                </span>
              </div>
            ))}
          </div>
        );
      })}
    </figure>
  ));
}
