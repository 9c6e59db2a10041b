import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components/Button";

export type Tone = "plain" | "primary" | "danger" | "quiet";

interface ButtonProps {
  readonly children: ReactNode;
  readonly tone?: Tone;
  readonly type?: "button" | "submit";
  readonly isDisabled?: boolean;
  /** The id of the text that says why it cannot be pressed, or what it does. */
  readonly describedBy?: string;
  readonly label?: string;
  readonly slot?: "close";
  readonly onPress?: () => void;
}

export function Button({ children, tone = "plain", type = "button", isDisabled = false, describedBy, label, slot, onPress }: ButtonProps) {
  return (
    <AriaButton
      className={`button button-${tone}`}
      type={type}
      isDisabled={isDisabled}
      {...(describedBy === undefined ? {} : { "aria-describedby": describedBy })}
      {...(label === undefined ? {} : { "aria-label": label })}
      {...(slot === undefined ? {} : { slot })}
      {...(onPress === undefined ? {} : { onPress })}
    >
      {children}
    </AriaButton>
  );
}
