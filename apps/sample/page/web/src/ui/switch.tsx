import type { JSX } from 'preact';

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
