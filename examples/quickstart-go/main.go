// Asks for a payment to be confirmed, follows it to its end, and keeps its receipt. README.md says how to run it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	v1 "countersign.example/quickstart/corev1"
)

func main() {
	var settings struct{ Core, TokenFile, User string }
	must(json.Unmarshal(read(os.Getenv("COUNTERSIGN_CONFIG")), &settings))
	// Elsewhere than on this machine: credentials.NewTLS(nil).
	channel, err := grpc.Dial(settings.Core, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(err)
	token := strings.TrimSpace(string(read(settings.TokenFile)))
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
	core, ready := v1.NewTransactionServiceClient(channel), grpc.WaitForReady(true)

	created, err := core.Create(ctx, &v1.TransactionServiceCreateRequest{
		// Of this order: asked again with the same one, the core answers with the same transaction.
		RequestId: fmt.Sprint("order-", time.Now().UnixNano()),
		UserId:    settings.User, Kind: v1.Kind_KIND_PAY, ContentVersions: []uint32{1},
		Fields: []*v1.Field{
			{Label: v1.Label_LABEL_AMOUNT, Value: &v1.Field_Amount{Amount: &v1.Amount{Currency: "EUR", MinorUnits: "2599"}}},
			{Label: v1.Label_LABEL_TO, Value: &v1.Field_Text{Text: "Go Books Ltd"}},
			{Label: v1.Label_LABEL_ACCOUNT, Value: &v1.Field_Account{Account: &v1.Account{Id: &v1.Account_Iban{Iban: "DE89370400440532013000"}}}},
		},
	}, ready)
	must(err)
	id, state, cursor := created.Transaction.TransactionId, created.Transaction.State, ""
	fmt.Println("created", id, created.Transaction.Tag)

	// PENDING, PARTIAL, CONFIRMED and EXECUTING go on; a stream that broke goes on behind its cursor.
	for state <= v1.State_STATE_EXECUTING {
		events, err := core.Watch(ctx, &v1.TransactionServiceWatchRequest{TransactionId: id, Cursor: cursor}, ready)
		must(err)
		for event, err := events.Recv(); err == nil; event, err = events.Recv() {
			state, cursor = event.Transaction.State, event.Cursor
			fmt.Println(state)
		}
	}
	if state != v1.State_STATE_EXECUTED {
		must(fmt.Errorf("not carried out; the phone says more"))
	}
	got, err := v1.NewReceiptServiceClient(channel).Get(ctx, &v1.ReceiptServiceGetRequest{TransactionId: id}, ready)
	must(err)
	must(os.WriteFile("receipt-"+id+".json", got.Receipt, 0o600))
	fmt.Println("receipt", "receipt-"+id+".json")
}

func read(path string) []byte {
	text, err := os.ReadFile(path)
	must(err)
	return text
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
