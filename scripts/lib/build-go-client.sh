# Builds examples/quickstart-go into .peers/go-quickstart: generated from the protos by Go's own plugins, with nothing of
# ours but the program that calls. Run from the top folder; needs Go 1.19 and node_modules.
set -eu
client=examples/quickstart-go
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
export GOBIN="$PWD/.peers/go" GOFLAGS=-mod=mod
go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.31.0
go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.3.0
cp "$client"/go.mod "$client"/main.go "$build"
mapping=""
for name in content transaction_service receipt_service; do
  mapping="$mapping,\"Mcountersign/core/v1/$name.proto=countersign.example/quickstart/corev1\""
done
options="[\"module=countersign.example/quickstart\"$mapping]"
template="{\"version\":\"v2\",\"plugins\":[
  {\"local\":\"$GOBIN/protoc-gen-go\",\"out\":\"$build\",\"opt\":$options},
  {\"local\":\"$GOBIN/protoc-gen-go-grpc\",\"out\":\"$build\",\"opt\":$options}]}"
node_modules/.bin/buf generate --template "$template" \
  --path proto/countersign/core/v1/content.proto \
  --path proto/countersign/core/v1/transaction_service.proto \
  --path proto/countersign/core/v1/receipt_service.proto
(cd "$build" && go mod tidy >/dev/null 2>&1 && go build -o "$OLDPWD/.peers/go-quickstart" .)
