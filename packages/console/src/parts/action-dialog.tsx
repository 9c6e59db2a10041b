import type { OperationName, OutputOf } from "@instar/protocol";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import type { AskedOf } from "../data/ask.ts";
import { useMay } from "../data/use-may.ts";
import { useCommand, useOperation } from "../data/use-operation.ts";
import { useGroupReason } from "./action-group.tsx";
import { announce } from "./announcer.tsx";
import { Button, type Tone } from "./button.tsx";
import { Problem } from "./problem.tsx";

export interface ActionField {
  readonly name: string;
  readonly label: string;
  readonly kind: "line" | "text" | "choice" | "check";
  readonly isRequired?: boolean;
  readonly help?: string;
  /** Of a choice. */
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  readonly initial?: string;
  /** False: it has no place with what is filled in. */
  readonly isShown?: (values: ActionValues) => boolean;
}

/** What was filled in, by the fields' names; a check is "true" or "". */
export type ActionValues = Readonly<Record<string, string>>;

interface ActionDialogProps<Name extends OperationName, Preview extends OperationName> {
  readonly operation: Name;
  /** On the button that opens it. */
  readonly label: string;
  readonly title: string;
  /** On the button that does it: the verb, never "OK". */
  readonly confirm: string;
  readonly tone?: Tone;
  /** On the button that does it, where that is more than the one that opens it says: in rows of a table a red button each would mean nothing. */
  readonly isDangerous?: boolean;
  /** What will happen, in words. */
  readonly says: ReactNode;
  /** Asked when it opens and whenever what is filled in changes it: what will happen, from who will do it. */
  readonly preview?: {
    readonly operation: Preview;
    readonly input: (values: ActionValues) => AskedOf<Preview>;
    readonly render: (answer: OutputOf<Preview>) => ReactNode;
    /** Why it cannot be done, by the preview; null where it can. */
    readonly refuses?: (answer: OutputOf<Preview>) => string | null;
  };
  readonly fields?: readonly ActionField[];
  readonly input: (values: ActionValues) => AskedOf<Name> | Promise<AskedOf<Name>>;
  /** Why it cannot be done now, although the role would allow it. */
  readonly blockedBecause?: string | null;
  /** Said once it is done. */
  readonly done: (answer: OutputOf<Name>) => string;
}

/**
 * The one way in which this console changes anything: a button, what will happen first, what is to be filled in, and the deed. Who may not do it sees the button
 * and why.
 */
export function ActionDialog<Name extends OperationName, Preview extends OperationName = "status">(props: ActionDialogProps<Name, Preview>) {
  const may = useMay(props.operation);
  const reason = may.isAllowed ? (props.blockedBecause ?? null) : may.because;
  const own = useId();
  const group = useGroupReason(props.label, reason);
  return (
    <div className="action">
      <DialogTrigger>
        <Button tone={props.tone ?? "plain"} isDisabled={reason !== null} {...(reason === null ? {} : { describedBy: group ?? own })}>
          {props.label}
        </Button>
        <ModalOverlay className="overlay" isDismissable>
          <Modal className="modal">
            <Dialog className="dialog">{({ close }) => <ActionForm {...props} close={close} />}</Dialog>
          </Modal>
        </ModalOverlay>
      </DialogTrigger>
      {reason !== null && group === null && (
        <p id={own} className="action-reason">
          {reason}
        </p>
      )}
    </div>
  );
}

function ActionForm<Name extends OperationName, Preview extends OperationName>(props: ActionDialogProps<Name, Preview> & { readonly close: () => void }) {
  const { fields = [], preview } = props;
  const [values, setValues] = useState<ActionValues>(() => Object.fromEntries(fields.map(({ name, initial }) => [name, initial ?? ""])));
  const [problem, setProblem] = useState<Error | null>(null);
  const [isPreparing, setPreparing] = useState(false);
  const command = useCommand(props.operation);
  const seen = useOperation((preview?.operation ?? "status") as Preview, (preview?.input(values) ?? {}) as AskedOf<Preview>, {
    enabled: preview !== undefined,
    keepsPrevious: true,
  });
  const refusal = preview !== undefined && seen.data !== undefined ? (preview.refuses?.(seen.data) ?? null) : null;
  const shown = fields.filter(({ isShown }) => isShown?.(values) ?? true);
  const isMissing = shown.some(({ name, isRequired }) => isRequired && (values[name] ?? "").trim() === "");
  const isBusy = command.isPending || isPreparing;
  const isBlocked = isBusy || isMissing || refusal !== null || (preview !== undefined && seen.data === undefined);
  const act = async (event: FormEvent) => {
    event.preventDefault();
    if (isBlocked) return;
    setProblem(null);
    setPreparing(true);
    try {
      const answer = await command.mutateAsync(await props.input(values));
      announce(props.done(answer));
      props.close();
    } catch (error) {
      setProblem(error as Error);
    } finally {
      setPreparing(false);
    }
  };
  return (
    <form className="dialog-form" onSubmit={(event) => void act(event)}>
      <Heading slot="title">{props.title}</Heading>
      <div className="dialog-says">
        <h3>What will happen</h3>
        {props.says}
        {preview !== undefined && seen.isPending && <p className="quiet">Asking what it would do…</p>}
        {preview !== undefined && seen.data !== undefined && preview.render(seen.data)}
        {preview !== undefined && seen.error !== null && <Problem error={seen.error} />}
        {refusal !== null && <p className="problem-line">It would be refused: {refusal}</p>}
      </div>
      {shown.map((field) => (
        <Field key={field.name} field={field} value={values[field.name] ?? ""} onChange={(value) => setValues({ ...values, [field.name]: value })} />
      ))}
      {problem !== null && <Problem error={problem} />}
      <div className="dialog-buttons">
        <Button onPress={props.close}>Leave it</Button>
        <Button type="submit" tone={props.tone === "danger" || props.isDangerous === true ? "danger" : "primary"} isDisabled={isBlocked}>
          {isBusy ? "Working…" : props.confirm}
        </Button>
      </div>
    </form>
  );
}

interface FieldProps {
  readonly field: ActionField;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Field({ field, value, onChange }: FieldProps) {
  const id = useId();
  const help = `${id}-help`;
  const shared = {
    id,
    name: field.name,
    required: field.isRequired ?? false,
    ...(field.help === undefined ? {} : { "aria-describedby": help }),
  };
  if (field.kind === "check")
    return (
      <div className="field">
        <label className="field-check" htmlFor={id}>
          <input type="checkbox" {...shared} checked={value === "true"} onChange={(event) => onChange(event.target.checked ? "true" : "")} /> {field.label}
        </label>
        {field.help !== undefined && (
          <p id={help} className="field-help">
            {field.help}
          </p>
        )}
      </div>
    );
  return (
    <div className="field">
      <label htmlFor={id}>
        <span className="field-label">
          {field.label} {!field.isRequired && <span className="quiet">(may be left out)</span>}
        </span>
        {field.kind === "text" && <textarea {...shared} rows={3} value={value} onChange={(event) => onChange(event.target.value)} />}
        {field.kind === "line" && <input type="text" autoComplete="off" {...shared} value={value} onChange={(event) => onChange(event.target.value)} />}
        {field.kind === "choice" && (
          <select {...shared} value={value} onChange={(event) => onChange(event.target.value)}>
            {(field.choices ?? []).map((choice) => (
              <option key={choice.value} value={choice.value}>
                {choice.label}
              </option>
            ))}
          </select>
        )}
      </label>
      {field.help !== undefined && (
        <p id={help} className="field-help">
          {field.help}
        </p>
      )}
    </div>
  );
}
