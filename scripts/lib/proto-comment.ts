import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
} from "@bufbuild/protobuf";

/** What a proto file describes and comments. */
export type Described = DescService | DescMethod | DescMessage | DescField | DescEnum | DescEnumValue;

// Paths into a FileDescriptorProto are numbers of its fields and places in them; descriptor.proto, SourceCodeInfo.
const FILE = { messageType: 4, enumType: 5, service: 6 } as const;
const MESSAGE = { field: 2, nestedType: 3, enumType: 4 } as const;
const METHOD = 2;
const VALUE = 2;

/** The comments before and behind it, as written, without the marks; empty where there are none. */
export function commentOf(desc: Described): string {
  const path = pathOf(desc).join();
  const found = fileOf(desc).proto.sourceCodeInfo?.location.find((each) => each.path.join() === path);
  return [found?.leadingComments ?? "", found?.trailingComments ?? ""]
    .map((text) => text.replaceAll(/^ /gm, "").trim())
    .filter((text) => text !== "")
    .join("\n\n");
}

function fileOf(desc: Described): DescFile {
  if ("file" in desc) return desc.file;
  return desc.parent.file;
}

function pathOf(desc: Described): number[] {
  switch (desc.kind) {
    case "service":
      return [FILE.service, desc.file.services.indexOf(desc)];
    case "rpc":
      return [...pathOf(desc.parent), METHOD, desc.parent.methods.indexOf(desc)];
    case "message":
      // Entries of maps are messages of the file, and none of those that are listed: places are those of the file.
      return desc.parent === undefined
        ? [FILE.messageType, desc.file.proto.messageType.indexOf(desc.proto)]
        : [...pathOf(desc.parent), MESSAGE.nestedType, desc.parent.proto.nestedType.indexOf(desc.proto)];
    case "field":
      return [...pathOf(desc.parent), MESSAGE.field, desc.parent.proto.field.indexOf(desc.proto)];
    case "enum":
      return desc.parent === undefined
        ? [FILE.enumType, desc.file.proto.enumType.indexOf(desc.proto)]
        : [...pathOf(desc.parent), MESSAGE.enumType, desc.parent.proto.enumType.indexOf(desc.proto)];
    case "enum_value":
      return [...pathOf(desc.parent), VALUE, desc.parent.values.indexOf(desc)];
  }
}
