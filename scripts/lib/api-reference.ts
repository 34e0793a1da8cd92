// The API reference, from the protos and their comments: one page a service file, and one that lists them.
import { createFileRegistry, fromBinary, type DescField, type DescFile, type DescMessage } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { commentOf } from "./proto-comment.ts";

/** The `.md` pages of docs/reference/api by name, from a file descriptor set with source information. */
export function apiReference(image: Uint8Array): Map<string, string> {
  const set: FileDescriptorSet = fromBinary(FileDescriptorSetSchema, image);
  const files = [...createFileRegistry(set).files]
    .filter(({ name }) => name.startsWith("countersign/"))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const pages = new Map(files.map((file) => [pageName(file), page(file)]));
  return pages.set("index.md", index(files));
}

const MARK = "<!-- Generated from the protos by `npm run generate`: change their comments, not this page. -->";
/** `countersign/core/v1/transaction_service` is `core-v1-transaction-service.md`. */
const pageName = ({ name }: DescFile): string => `${name.replace(/^countersign\//, "").replaceAll(/[/_]/g, "-")}.md`;

function index(files: readonly DescFile[]): string {
  const services = files.flatMap((file) =>
    file.services.map((service) => {
      const calls = service.methods.map(({ name }) => `\`${name}\``).join(" · ");
      return `| [${service.name}](${pageName(file)}) | ${firstSentence(commentOf(service))} | ${calls} |`;
    }),
  );
  const shared = files.filter((file) => file.services.length === 0).map((file) => `[${file.name}](${pageName(file)})`);
  return [
    "# API reference",
    MARK,
    "Every service, call and field, as the protos in `proto/` say. Programs call by gRPC, pages by gRPC-Web; reflection is served with `--development` alone. A refusal carries its reason in `google.rpc.ErrorInfo`; what is wrong with a request stands in `google.rpc.BadRequest`, by field.",
    ["| service | | calls |", "|---|---|---|", ...services].join("\n"),
    `Used by several: ${shared.join(", ")}.`,
    "",
  ].join("\n\n");
}

function page(file: DescFile): string {
  const [service] = file.services;
  const parts = [`# ${service === undefined ? `Shared: ${file.name.split("/").at(-1)}` : service.name}`, MARK];
  parts.push(`Package \`${file.proto.package}\`, file \`${file.name}.proto\`.`);
  for (const each of file.services) {
    if (file.services.length > 1) parts.push(`## ${each.name}`);
    parts.push(prose(commentOf(each)));
    for (const method of each.methods) {
      const [asks, answers] = [method.input, method.output].map((message) => typeLink(message, file));
      const [from, to] = [
        /^(client|bidi)/.test(method.methodKind) ? "stream of " : "",
        /^(server|bidi)/.test(method.methodKind) ? "stream of " : "",
      ];
      parts.push(`## ${method.name}`, `${from}${asks} → ${to}${answers}`, prose(commentOf(method)));
    }
  }
  if (file.messages.length > 0) parts.push("## Messages", ...file.messages.flatMap((each) => messageText(each, file)));
  if (file.enums.length > 0) {
    parts.push("## Enumerations");
    for (const each of file.enums) {
      const rows = each.values.map((value) => `| \`${value.name}\` | ${value.number} | ${cell(commentOf(value))} |`);
      parts.push(
        `### ${each.name}`,
        prose(commentOf(each)),
        ["| name | number | |", "|---|---|---|", ...rows].join("\n"),
      );
    }
  }
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function messageText(message: DescMessage, file: DescFile): string[] {
  if (message.proto.options?.mapEntry === true) return [];
  const rows = message.fields.map(
    (field) => `| \`${field.name}\` | ${fieldType(field, file)} | ${oneofNote(field)}${cell(commentOf(field))} |`,
  );
  const table = rows.length === 0 ? "No fields." : ["| field | type | |", "|---|---|---|", ...rows].join("\n");
  return [
    `### ${nameOf(message)}`,
    prose(commentOf(message)),
    table,
    ...message.nestedMessages.flatMap((each) => messageText(each, file)),
  ];
}

const oneofNote = (field: DescField): string => (field.oneof === undefined ? "" : `One of \`${field.oneof.name}\`. `);

/** `Outer.Inner`, without the package. */
const nameOf = ({ typeName, file }: { readonly typeName: string; readonly file: DescFile }): string =>
  typeName.slice(file.proto.package.length + 1);

function fieldType(field: DescField, file: DescFile): string {
  switch (field.fieldKind) {
    case "scalar":
      return scalarName(field.proto.type);
    case "enum":
      return typeLink(field.enum, file);
    case "message":
      return typeLink(field.message, file);
    case "list":
      return `repeated ${field.listKind === "scalar" ? scalarName(field.proto.type) : typeLink(field.enum ?? field.message, file)}`;
    case "map":
      return `map from \`${scalarName(field.mapKey)}\` to ${field.mapKind === "scalar" ? scalarName(field.scalar) : typeLink(field.enum ?? field.message, file)}`;
  }
}

// As descriptor.proto numbers them.
const SCALARS = [
  "",
  "double",
  "float",
  "int64",
  "uint64",
  "int32",
  "fixed64",
  "fixed32",
  "bool",
  "string",
  "",
  "",
  "bytes",
];
const scalarName = (type: number): string =>
  SCALARS[type] ?? { 13: "uint32", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64" }[type] ?? `type ${type}`;

/** A link to where a type is described; well-known ones by their names alone. */
function typeLink(type: { readonly typeName: string; readonly file: DescFile }, from: DescFile): string {
  if (!type.file.name.startsWith("countersign/")) return `\`${type.typeName}\``;
  const page = type.file.name === from.name ? "" : pageName(type.file);
  return `[${nameOf(type)}](${page}#${nameOf(type)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")})`;
}

/** A comment as Markdown: code stays as it is, pages of docs/ become links, nothing becomes HTML. */
function prose(comment: string): string {
  return comment
    .split(/(`[^`\n]*`)/)
    .map((part) => (part.startsWith("`") ? part : escaped(part)))
    .join("");
}

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/[*[\]]|(?<!\w)_|_(?!\w)/g, String.raw`\$&`)
    .replaceAll(/\bdocs\/([\w/.-]+?\.md)\b/g, (_, path: string) => `[${path}](../../${path})`);

const cell = (comment: string): string =>
  prose(comment)
    .replaceAll(/\s+/g, " ")
    .replaceAll("|", String.raw`\|`);
const firstSentence = (comment: string): string => cell(/^[\s\S]*?\.(?=\s|$)/.exec(comment)?.[0] ?? comment);
