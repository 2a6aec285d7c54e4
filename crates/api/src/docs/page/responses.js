// Responses of an operation: what it is for first, its errors folded. A stream has no *Execute*.

export const responses = () => ({
  wrapComponents: {
    responses: (Original, { React }) => (props) => {
      const h = React.createElement;
      const errors = props.responses.filter((_, status) => isError(status));
      const others = props.responses.filterNot((_, status) => isError(status));
      return h("div", null,
        h(Original, { ...props, responses: others }),
        errors.isEmpty() ? null : h(Errors, { React, Original, props: { ...props, responses: errors } }));
    },
    execute: (Original, { React }) => (props) => (isStream(props.operation) ? streamNote(React) : React.createElement(Original, props)),
  },
});

const isError = (status) => /^[45]/.test(status);

/** Renders the errors once they are unfolded: there are about a dozen per operation, with an example each. */
function Errors({ React, Original, props }) {
  const { createElement: h, useState } = React;
  const [isOpen, setOpen] = useState(false);
  const statuses = props.responses.keySeq().join(", ");
  return h("details", { className: "errors", onToggle: (event) => setOpen(event.target.open) },
    h("summary", null, h("b", null, "Errors"), ` ${statuses}`),
    isOpen ? h(Original, { ...props, tryItOutResponse: null }) : null);
}

const isStream = (operation) => operation.getIn(["responses", "200", "content", "text/event-stream"]) !== undefined;

const streamNote = (React) =>
  React.createElement("p", { className: "stream-note" },
    "A stream stays open until the order has ended, so this page can't show its response. Use curl with --no-buffer.");
