import type { JSX } from 'preact';
import { useId } from 'preact/hooks';

export interface Option<Value> {
  readonly value: Value;
  readonly name: string;
}

interface ChoicesProps<Value> {
  readonly legend: string;
  readonly options: readonly Option<Value>[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
  readonly about?: string | undefined;
}

/** A segmented control of radio buttons, so that the arrow keys move between the options. */
export function Choices<Value>({ legend, options, chosen, onChoose, about }: ChoicesProps<Value>): JSX.Element {
  const group = useId();
  return (
    <fieldset class="choices" aria-describedby={about ? `${group}-about` : undefined}>
      <legend>{legend}</legend>
      <div class="segments">
        {options.map(({ value, name }) => (
          <label key={name} class="segment">
            <input type="radio" name={group} checked={value === chosen} onChange={() => onChoose(value)} />
            <span>{name}</span>
          </label>
        ))}
      </div>
      {about && (
        <p class="hint" id={`${group}-about`}>
          {about}
        </p>
      )}
    </fieldset>
  );
}
