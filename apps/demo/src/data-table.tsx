import type { ComponentChildren, VNode } from 'preact';

interface DataTableProps {
  /** What it shows, for who does not see it. */
  readonly label: string;
  readonly columns: readonly string[];
  readonly id?: string;
  readonly class?: string;
  /** Whether rows that come are read out. */
  readonly isLive?: boolean;
  /** Rows. */
  readonly children: ComponentChildren;
}

/** A table with a head, which scrolls sideways where the page is narrow. */
export function DataTable({ label, columns, id, class: name, isLive, children }: DataTableProps): VNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <section class="scrolling" tabIndex={0} aria-label={label}>
      <table id={id} class={name} aria-live={isLive ? 'polite' : undefined}>
        <thead>
          <tr>
            {columns.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
