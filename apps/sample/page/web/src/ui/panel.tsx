import type { ComponentChildren, JSX } from 'preact';

interface PanelProps {
  readonly id: string;
  readonly title: string;
  /** What the panel is for, in a sentence. */
  readonly about?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of the page, and a landmark by its title. */
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
