import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { announce } from './announcer.js';

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

interface SwitchProps {
  readonly name: string;
  readonly isOn: boolean;
  readonly isDisabled?: boolean;
  readonly onSwitch: (wanted: boolean) => void;
}

export function Switch({ name, isOn, isDisabled = false, onSwitch }: SwitchProps): JSX.Element {
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        checked={isOn}
        disabled={isDisabled}
        onChange={({ currentTarget }) => onSwitch(currentTarget.checked)}
      />
      <span class="switch-track" aria-hidden="true" />
      <span>{name}</span>
    </label>
  );
}

interface CopyButtonProps {
  readonly what: string;
  /** Called on a click only, so that the secret is not in the DOM. */
  readonly read: () => string;
}

export function CopyButton({ what, read }: CopyButtonProps): JSX.Element {
  const [label, setLabel] = useState('Copy');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(read());
      setLabel('Copied');
      announce(`${what} copied`);
    } catch {
      setLabel('Blocked');
      announce(`The browser blocked copying the ${what}`);
    }
  };
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => void copy()}
      onBlur={() => setLabel('Copy')}
      aria-label={`${label} ${what}`}
    >
      {label}
    </button>
  );
}
