import { Metadata, status } from "@grpc/grpc-js";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { OK, statusOf, trailerLines } from "./status.ts";

test("success is one line", () => {
  expect(trailerLines(OK)).toBe("grpc-status:0\r\n");
});

test("a message travels as percent-encoded UTF-8, so that it adds no line; details as base64", () => {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from([0xfb, 0xff]));
  metadata.set("x-left", "3");
  expect(trailerLines({ code: status.ABORTED, details: "zu spät\r\ngrpc-status:0 100%", metadata })).toBe(
    "grpc-status:10\r\ngrpc-message:zu sp%C3%A4t%0D%0Agrpc-status:0 100%25\r\ngrpc-status-details-bin:+/8=\r\nx-left:3\r\n",
  );
});

test("trailers of the handler's own do not pass for the status", () => {
  const metadata = new Metadata();
  metadata.set("grpc-status", "0");
  metadata.set("grpc-message", "fine");
  expect(trailerLines({ code: status.ABORTED, details: "", metadata })).toBe("grpc-status:10\r\n");
});

test("any message comes back from its line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (details) => {
      const [, line = ""] = trailerLines({ ...OK, details: `.${details}` }).split("\r\n");
      expect(line).toMatch(/^grpc-message:[ -~]+$/);
      expect(decodeURIComponent(line.replace("grpc-message:", ""))).toBe(`.${details}`);
    }),
  );
});

test("what a handler gave back becomes a status as grpc-js makes one", () => {
  expect(statusOf(new Error("bare"))).toMatchObject({ code: status.UNKNOWN, details: "bare" });
  expect(statusOf({ code: status.NOT_FOUND, details: "gone" })).toMatchObject({
    code: status.NOT_FOUND,
    details: "gone",
  });
  expect(statusOf(Object.assign(new Error("words"), { code: status.ABORTED }))).toMatchObject({
    code: 10,
    details: "words",
  });
  expect(statusOf({})).toMatchObject({ code: status.UNKNOWN, details: "Unknown Error" });
});
