// A stock Go client, generated from the protos: creates a user, then a payment; prints what it got, one JSON line a call.
//
// Arguments: core address, token file, user of the payment.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	corev1 "countersign.example/stock/corev1"
)

func main() {
	address, tokenFile, userID := os.Args[1], os.Args[2], os.Args[3]
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		panic(err)
	}
	connection, err := grpc.Dial(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+strings.TrimSpace(string(token)))

	_, err = corev1.NewUserServiceClient(connection).Create(ctx, &corev1.UserServiceCreateRequest{
		RequestId: "go-1", UserId: "gopher", Phrase: "red kettle", Locale: "en",
	})
	tell("UserService.Create", err)

	created, err := corev1.NewTransactionServiceClient(connection).Create(ctx, &corev1.TransactionServiceCreateRequest{
		RequestId: "go-2",
		UserId:    userID,
		Kind:      corev1.Kind_KIND_PAY,
		Fields: []*corev1.Field{
			{Label: corev1.Label_LABEL_AMOUNT, Value: &corev1.Field_Amount{Amount: &corev1.Amount{Currency: "EUR", MinorUnits: "2599"}}},
			{Label: corev1.Label_LABEL_TO, Value: &corev1.Field_Text{Text: "Go Books Ltd"}},
			{Label: corev1.Label_LABEL_ACCOUNT, Value: &corev1.Field_Account{
				Account: &corev1.Account{Id: &corev1.Account_Iban{Iban: "DE89370400440532013000"}},
			}},
		},
		ContentVersions: []uint32{1},
	})
	tell("TransactionService.Create", err)
	if err != nil {
		return
	}
	lines := []string{}
	for _, line := range created.Transaction.Lines {
		lines = append(lines, line.Value)
	}
	print(map[string]any{"lines": lines, "tag": created.Transaction.Tag})
}

func tell(call string, err error) {
	if err == nil {
		print(map[string]any{"call": call, "ok": true})
		return
	}
	print(map[string]any{"call": call, "code": status.Code(err).String(), "details": status.Convert(err).Message()})
}

func print(value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
