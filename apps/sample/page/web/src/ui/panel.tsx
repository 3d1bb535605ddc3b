import type { ComponentChildren, JSX } from 'preact';

interface PanelProps {
  readonly id: string;
  readonly title: string;
  /** One sentence below the title. */
  readonly about?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A section of the page and a landmark with its title. */
export function Panel({ id, title, about, aside, children }: PanelProps): JSX.Element {
  return (
    <section class={`panel panel-${id}`} aria-labelledby={`${id}-title`}>
      <header class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </header>
      {about && <p class="about">{about}</p>}
      {children}
    </section>
  );
}
